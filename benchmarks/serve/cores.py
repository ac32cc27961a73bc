"""The service on one core and on two, with the photos of the mix and with its JPEGs alone."""

import os
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.result import QUICK, Claim, claim
from benchmarks.serve.bare import Bare
from benchmarks.serve.cost import asked, turns
from benchmarks.serve.load import Sample, percentile, throughput
from benchmarks.serve.photos import jpegs, mix
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import CORES, LOAD, SERVER, redis_server, twinshot

ROUNDS = 2 if QUICK else 4
SECONDS = 3.0 if QUICK else 8.0
CLIENTS = 8
BOTH = CORES[:2]
PLACES = {"one": (SERVER, LOAD), "two": (BOTH, BOTH)}
"""The cores of the server and those of the load: on a machine of two, a server on both shares them with the load."""


def cores(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Closed loops on a server with one core and on one with two, and the bare path, taking turns."""
    kinds = {"mix": mix(), "jpeg": jpegs()}
    bare = Bare(bundles)
    costs: dict[str, list[float]] = {kind: [] for kind in kinds}
    cpu: dict[tuple[str, str], list[float]] = {key: [] for key in product(kinds, PLACES)}
    samples: dict[tuple[str, str], list[Sample]] = {key: [] for key in cpu}
    with redis_server() as redis, twinshot(bundles, SERVER, redis) as one, twinshot(bundles, BOTH, redis) as two:
        servers = {"one": one, "two": two}
        for place, server in servers.items():
            with pinned(PLACES[place][1]):
                asked(server, CLIENTS, turns(mix()), 2)
        for _ in range(ROUNDS):
            for kind, photos in kinds.items():
                with pinned(SERVER):
                    costs[kind] += (own.cpu for own in bare.many(photos, SECONDS / 2))
                for place, server in servers.items():
                    with pinned(PLACES[place][1]):
                        found, each = asked(server, CLIENTS, turns(photos), SECONDS)
                    cpu[kind, place].append(each)
                    samples[kind, place] += found
    figures: dict[str, Any] = {"shared with the load": os.cpu_count() == len(BOTH)}
    for kind in kinds:
        figures[kind] = {"bare_cpu_ms": sum(costs[kind]) / len(costs[kind]) * 1e3}
        for place in PLACES:
            own = samples[kind, place]
            figures[kind][place] = {
                "per_second": throughput(own, SECONDS) / ROUNDS, "cpu_ms": median(cpu[kind, place]) * 1e3,
                "p50_ms": percentile(own, 50), "p99_ms": percentile(own, 99),
            }  # fmt: skip
    return figures, [own for kind, name in (("mix", "mix"), ("jpeg", "JPEG")) for own in _claims(name, figures[kind])]


def _claims(name: str, found: dict[str, Any]) -> list[Claim]:
    one, two = found["one"], found["two"]
    return [
        claim(f"queries/s on two cores ÷ on one, {name}, {CLIENTS} clients", two["per_second"] / one["per_second"], "×",
              None, "higher", f"{two['per_second']:.1f}/s ÷ {one['per_second']:.1f}/s; on two the load shares them"),
        claim(f"server CPU per query ÷ bare CPU, {name}, one core", one["cpu_ms"] / found["bare_cpu_ms"], "×", None,
              "lower", f"{one['cpu_ms']:.1f} ms ÷ {found['bare_cpu_ms']:.1f} ms"),
    ]  # fmt: skip
