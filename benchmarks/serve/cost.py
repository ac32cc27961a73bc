"""What a query costs the server, against the bare path; and an answer of the cache, against receiving the photo."""

import asyncio
import itertools
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.result import PROJECT, QUICK, Claim, claim
from benchmarks.serve.bare import STAGES, Bare, Cost
from benchmarks.serve.load import Sample, closed, percentile, throughput
from benchmarks.serve.photos import Photo, jpegs, mix, request
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import LOAD, SERVER, Server, free_port, redis_server, running, twinshot

ROUNDS = 2 if QUICK else 5
SECONDS = 3.0 if QUICK else 8.0
CLIENTS = (1, 2, 4, 8, 32)


def turns(photos: Sequence[Photo], raw: bool = False, again: bool = False) -> Callable[[], bytes]:
    """Requests with the photos in turn."""
    place = itertools.cycle(photos)
    return lambda: request(next(place), raw, again)


def asked(server: Server, clients: int, make: Callable[[], bytes], seconds: float) -> tuple[list[Sample], float]:
    """A closed loop; its answers, and the server's CPU seconds for each."""
    before = server.cpu()
    samples = asyncio.run(closed(server.port, clients, make, seconds))
    bad = [own.status for own in samples if own.status != 200]
    if bad:
        raise RuntimeError(f"{len(bad)} of {len(samples)} answers were not 200 but {set(bad)}")
    return samples, (server.cpu() - before) / len(samples)


def uncached(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Closed loops of fresh photos and the bare path, taking turns on the same core."""
    costs: list[Cost] = []
    cpu: dict[str, list[float]] = {}
    samples: dict[str, list[Sample]] = {}
    bare = Bare(bundles)
    with redis_server() as redis, twinshot(bundles, redis=redis) as server, pinned(LOAD):
        list(bare.many(mix(), 1))
        asked(server, 2, turns(mix()), 2)
        for _ in range(ROUNDS):
            with pinned(SERVER):
                costs += bare.many(mix(), SECONDS)
            for clients in CLIENTS:
                found, each = asked(server, clients, turns(mix()), SECONDS)
                cpu.setdefault(f"{clients}", []).append(each)
                samples.setdefault(f"{clients}", []).extend(found)
    bare_cpu, bare_wall = (sum(values) / len(values) for values in ([c.cpu for c in costs], [c.wall for c in costs]))
    single = percentile(samples["1"], 50)
    bare_p50 = median(own.wall for own in costs) * 1000
    ratio = median(cpu["8"]) / bare_cpu
    rate = {n: throughput(own, SECONDS) / ROUNDS for n, own in samples.items()}
    figures = {
        "bare": {
            "queries": len(costs), "cpu_ms": bare_cpu * 1e3, "mean_ms": bare_wall * 1e3, "p50_ms": bare_p50,
            "stages_ms": {stage: 1e3 * sum(own.stages.get(stage, 0.0) for own in costs) / len(costs)
                          for stage in STAGES},
            "walls": [own.wall for own in costs],
        },
        "closed": {
            n: {"per_second": rate[n], "cpu_ms": median(cpu[n]) * 1e3, "p50_ms": percentile(own, 50),
                "p99_ms": percentile(own, 99)}
            for n, own in samples.items()
        },
    }  # fmt: skip
    return figures, [
        claim("server CPU per uncached query, 8 clients ÷ bare CPU per query", ratio, "×", 1.25, "lower",
              f"{median(cpu['8']) * 1e3:.1f} ms ÷ {bare_cpu * 1e3:.1f} ms; aim 1.15"),
        claim("p50 with 1 client ÷ bare single call", single / bare_p50, "×", 1.3, "lower",
              f"{single:.1f} ms ÷ {bare_p50:.1f} ms"),
    ]  # fmt: skip


def cached(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Answers of the cache beside a route that only receives and hashes, form and raw, taking turns."""
    ways = {"form": False, "raw": True}
    found: dict[str, list[float]] = {}
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        server = stack.enter_context(twinshot(bundles, redis=redis))
        port = free_port()
        command = [sys.executable, str(PROJECT / "benchmarks" / "rivals" / "receive.py"), str(port)]
        floor = stack.enter_context(running(command, port, "/ready", SERVER))
        stack.enter_context(pinned(LOAD))
        for raw, each in itertools.product(ways.values(), (server, floor)):
            asked(each, 2, turns(jpegs(), raw, again=True), 2)
        for _ in range(ROUNDS):
            for way, raw in ways.items():
                for name, each in (("cached", server), ("received", floor)):
                    found.setdefault(f"{name}, {way}", []).append(
                        asked(each, 8, turns(jpegs(), raw, again=True), SECONDS / 2)[1]
                    )
    ms = {name: median(values) * 1e3 for name, values in found.items()}
    claims = [
        claim(f"cached answer's server CPU ÷ a route that only receives and hashes, {way}",
              ms[f"cached, {way}"] / ms[f"received, {way}"], "×", 1.5, "lower",
              f"{ms[f'cached, {way}']:.2f} ms ÷ {ms[f'received, {way}']:.2f} ms")
        for way in ways
    ]  # fmt: skip
    return {"cpu_ms": ms}, claims
