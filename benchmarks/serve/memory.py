"""What a shop of a million photos takes of memory, and how long it takes to open."""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.result import PROJECT, QUICK, Claim, claim
from benchmarks.serve.cost import asked, turns
from benchmarks.serve.photos import mix
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import LOAD, SERVER, twinshot
from benchmarks.serve.shop import shop
from engine.bundle.store import current

SMALL = 10_000
STARTS = 3 if QUICK else 9
SLACK = 250_000_000
"""Bytes that Python, its libraries and the photos under way may take besides."""
LOADED = """
import sys, time
from pathlib import Path
import app.main, faiss, onnxruntime, PIL.Image, pyarrow
from app.loading import load
from app.settings import Settings
began = time.perf_counter()
load(Settings(bundles=Path(sys.argv[1])))
print(time.perf_counter() - began)
"""


def memory(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Proportional set size after a load, of one process and of two over one bundle; seconds from imports to ready."""
    files = _bytes(bundles)
    with twinshot(bundles) as server, pinned(LOAD):
        asked(server, 8, turns(mix()), 5)
        one = server.proportional_set_size()
        with twinshot(bundles) as second:
            asked(second, 8, turns(mix()), 5)
            two = server.proportional_set_size() + second.proportional_set_size()
    small = shop(SMALL)
    times: dict[str, list[float]] = {"large": [], "small": []}
    for _ in range(STARTS):
        for name, folder in (("large", bundles), ("small", small)):
            times[name].append(_opened(folder))
    large, little = median(times["large"]), median(times["small"])
    needed = files["codes"] + files["rows"] + files["model"]
    figures = {"bytes": files, "one": one, "two": two, "seconds": times}
    return figures, [
        claim("proportional set size less 250 MB ÷ (codes + row table + model)", max(0, one - SLACK) / needed, "×", 1.5,
              "lower", f"{one / 1e6:.0f} MB; codes, rows and model {needed / 1e6:.0f} MB"),
        claim("two processes over one bundle ÷ one", two / one, "×", None, "lower", "what is mapped is shared"),
        claim(f"start to ready after imports ÷ {SMALL:,} rows", large / little, "×", 1.5, "lower",
              f"{large:.2f} s ÷ {little:.2f} s, median of {STARTS}"),
    ]  # fmt: skip


def _bytes(bundles: Path) -> dict[str, int]:
    generation = bundles / current(bundles)
    files = {path: path.stat().st_size for path in generation.rglob("*") if path.is_file()}
    kinds = {".faiss": "codes", ".rows": "rows", ".arrow": "lookup", ".onnx": "model"}
    found = dict.fromkeys(kinds.values(), 0)
    for path, size in files.items():
        if path.suffix in kinds:
            found[kinds[path.suffix]] += size
    return found


def _opened(bundles: Path) -> float:
    command = ["taskset", "-c", ",".join(map(str, SERVER)), sys.executable, "-c", LOADED, str(bundles)]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    seconds: float = json.loads(done.stdout)
    return seconds
