"""`torch.compile`, where it works."""

import torch
from torch import Tensor
from torch.nn import Module

from engine.errors import UnavailableError


def compiled(network: Module, device: torch.device) -> Module:
    """`network` compiled; it shares parameters and modes with the one that was given.

    Raises UnavailableError where nothing can be compiled: torch needs a C++ compiler and Python's headers, on CUDA also
    Triton.
    """
    try:
        torch.compile(_probe)(torch.ones(8, device=device))
    except Exception as error:  # each backend raises kinds of its own
        cause = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UnavailableError(
            f"--compile: torch.compile does not work here ({cause[:160]}); install a C++ compiler and Python's "
            "headers (on CUDA also Triton), or leave --compile away"
        ) from error
    module: Module = torch.compile(network)  # type: ignore[assignment]
    return module


def _probe(x: Tensor) -> Tensor:
    return torch.tanh(x) * 2
