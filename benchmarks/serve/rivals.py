"""Throughput beside two servers that a user would write, each at its best of a grid of settings."""

import sys
from contextlib import AbstractContextManager
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.result import QUICK, Claim, claim
from benchmarks.serve.cost import asked, turns
from benchmarks.serve.load import throughput
from benchmarks.serve.photos import jpegs
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import LOAD, SERVER, Server, free_port, running, twinshot

ROUNDS = 1 if QUICK else 3
SECONDS = 4.0 if QUICK else 10.0
CLIENTS = 8
GRIDS = {
    "plain": (("workers", (1, 2)), ("threads", (1, 2))),
    "lit": (("workers", (1, 2)), ("batch", (1, 4, 8))),
}
READY = {"plain": "/ready", "lit": "/health"}
NAMES = {"plain": "obvious FastAPI", "lit": "LitServe"}
TARGETS = {"plain": 2.0, "lit": 1.0}


def rivals(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Closed loops of fresh JPEGs; servers take turns, each started anew, on one core."""
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        found.setdefault("twinshot", []).append(_rate(twinshot(bundles)))
        for kind, ((one, first), (other, second)) in GRIDS.items():
            for a, b in product(first, second):
                name = f"{kind}, {one} {a}, {other} {b}"
                found.setdefault(name, []).append(_rate(_server(kind, bundles, a, b)))
    rates = {name: median(values) for name, values in found.items()}
    claims = []
    for kind, target in TARGETS.items():
        best = max((name for name in rates if name.startswith(kind)), key=lambda name: rates[name])
        claims.append(
            claim(f"throughput ÷ {NAMES[kind]}, JPEG", rates["twinshot"] / rates[best], "×", target, "higher",
                  f"{rates['twinshot']:.1f}/s ÷ {rates[best]:.1f}/s ({best})")
        )  # fmt: skip
    return {"per_second": rates}, claims


def _rate(starting: AbstractContextManager[Server]) -> float:
    """Photos a second."""
    with starting as server, pinned(LOAD):
        asked(server, CLIENTS, turns(jpegs()), 2)
        return throughput(asked(server, CLIENTS, turns(jpegs()), SECONDS)[0], SECONDS)


def _server(kind: str, bundles: Path, first: int, second: int) -> AbstractContextManager[Server]:
    port = free_port()
    command = [sys.executable, "-m", f"benchmarks.rivals.{kind}", str(port), str(bundles), str(first), str(second)]
    return running(command, port, READY[kind], SERVER)
