import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from model_export.compiled import compiled

TRY = """
import torch
from engine.errors import UnavailableError
from model_export.compiled import compiled
try:
    compiled(torch.nn.Linear(2, 2), torch.device("cpu"))
except UnavailableError as error:
    print(error)
"""


def test_compiling_without_a_compiler_is_an_error_that_says_what_to_install(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": "", "CXX": "no-such-compiler", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", TRY], env=environment, capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    assert line.startswith("--compile: torch.compile does not work here (")
    assert line.endswith("install a C++ compiler and Python's headers (on CUDA also Triton), or leave --compile away")


@pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")  # torch's own use of itself
def test_a_compiled_network_gives_what_its_own_gives_and_is_trained_with_it() -> None:
    network = torch.nn.Linear(3, 2)
    made, rows = compiled(network, torch.device("cpu")), torch.rand(4, 3)
    assert torch.allclose(made(rows), network(rows))
    made(rows).sum().backward()
    assert network.weight.grad is not None
