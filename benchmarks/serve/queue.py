"""What a queue does to latency: against the best possible one, in an overload, and beside callers who are slow."""

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.result import QUICK, Claim, claim
from benchmarks.serve.bare import Bare
from benchmarks.serve.cost import asked, turns
from benchmarks.serve.fifo import quantile
from benchmarks.serve.load import Sample, drip, opened, percentile, poisson, statuses, throughput
from benchmarks.serve.photos import mix, request
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import LOAD, SERVER, Server, redis_server, twinshot

SHARES = (0.3, 0.5, 0.7, 0.9, 1.2, 4.0)
"""Offered load ÷ capacity, the throughput of 8 clients in closed loop."""
SECONDS = 6.0 if QUICK else 40.0
SETTLED = 2.0
"""Seconds at the beginning of an overload that are not looked at: until the first queue was found full."""
SLOW, DRIP = 200, 10_000
"""Callers on slow phones, and their bytes a second."""


def queue(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Open loops at shares of the capacity, and one with slow callers beside it."""
    with pinned(SERVER):
        services = [own.wall for own in Bare(bundles).many(mix(), SECONDS)]
    figures: dict[str, Any] = {}
    claims: list[Claim] = []
    with redis_server() as redis, twinshot(bundles, redis=redis) as server, pinned(LOAD):
        make = turns(mix())
        asked(server, 2, make, 2)
        peak = throughput(asked(server, 8, make, SECONDS / 2)[0], SECONDS / 2)
        for share in SHARES:
            arrivals = poisson(peak * share, SECONDS, seed=int(share * 10))
            if share < 1:
                samples = asyncio.run(opened(server.port, arrivals, make))
                best = {f"fifo_p{q}_ms": quantile(arrivals, services, q) * 1000 for q in (50, 99)}
                figures[f"{share:g}"] = _told(samples, peak * share) | best
                if share in (0.5, 0.7):
                    claims += _against_fifo(share, best["fifo_p99_ms"], samples)
            else:
                samples, health = asyncio.run(_with_health(server, arrivals))
                figures[f"{share:g}"] = _told(samples, peak * share) | {"livez_ms": health}
        unloaded = percentile(asked(server, 1, make, SECONDS / 2)[0], 99)
        claims += _overload(figures, samples, peak, unloaded)
        found, own = _slow(server, peak)
        figures |= {"peak": peak, "unloaded_p99_ms": unloaded, "slow": found}
    return figures, [*claims, own]


def _told(samples: list[Sample], rate: float) -> dict[str, Any]:
    tails = {f"p{q}_ms": percentile(samples, q) for q in (50, 99)}
    return {"offered": rate, "statuses": statuses(samples), **tails}


def _against_fifo(share: float, best: float, samples: list[Sample]) -> list[Claim]:
    own = percentile(samples, 99)
    refused = sum(sample.status != 200 for sample in samples)
    return [
        claim(f"p99 ÷ p99 of a simulated FIFO queue, {share:.0%} load", own / best, "×", 1.3, "lower",
              f"{own:.0f} ms ÷ {best:.0f} ms, n = {len(samples)}"),
        claim(f"refused at {share:.0%} load", refused, "photos", 0, "lower"),
    ]  # fmt: skip


async def _with_health(server: Server, arrivals: list[float]) -> tuple[list[Sample], list[float]]:
    """An open loop, and how many milliseconds /livez takes meanwhile."""
    load = asyncio.create_task(opened(server.port, arrivals, turns(mix())))
    waits = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client:
        while not load.done():
            began = time.perf_counter()
            (await client.get("/livez")).raise_for_status()
            waits.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.05)
    return await load, waits


def _overload(figures: dict[str, Any], samples: list[Sample], peak: float, unloaded: float) -> list[Claim]:
    """Of the last, heaviest load."""
    later = [own for own in samples if own.due >= SETTLED]
    accepted = sum(own.status == 200 for own in later) / (SECONDS - SETTLED)
    refused = sum(own.status == 429 for own in later) / (SECONDS - SETTLED)
    other = sum(own.status not in (200, 429) for own in samples)
    waits = sorted(figures[f"{SHARES[-1]:g}"]["livez_ms"])
    tail = percentile(later, 99)
    return [
        claim("400 % offered: accepted throughput ÷ peak", accepted / peak, "×", 0.9, "higher",
              f"{accepted:.1f}/s ÷ {peak:.1f}/s"),
        claim("400 % offered: accepted p99 ÷ unloaded p99", tail / unloaded, "×", 5, "lower",
              f"{tail:.0f} ms ÷ {unloaded:.0f} ms, from {SETTLED:g} s on"),
        claim("400 % offered: refusals", refused, "/s", None, "higher"),
        claim("400 % offered: answers that are neither 200 nor 429", other, "", 0, "lower"),
        claim("/livez p99 at 400 %", waits[int(len(waits) * 0.99)], "ms", 50, "lower", f"n = {len(waits)}"),
    ]  # fmt: skip


def _slow(server: Server, peak: float) -> tuple[dict[str, Any], Claim]:
    """p99 of others at half load while SLOW callers upload, against without, taking turns."""
    tails: dict[bool, list[float]] = {False: [], True: []}

    async def loaded(slow: bool, seed: int) -> list[Sample]:
        drips = [
            asyncio.create_task(drip(server.port, request(mix()[i % len(mix())]), DRIP, SECONDS / 2 + 1))
            for i in range(SLOW if slow else 0)
        ]
        await asyncio.sleep(1)
        samples = await opened(server.port, poisson(peak * 0.5, SECONDS / 2, seed), turns(mix()))
        for task in drips:
            task.cancel()
        await asyncio.gather(*drips, return_exceptions=True)
        return samples

    for seed in range(2 if QUICK else 4):
        for slow in (False, True):
            tails[slow].append(percentile(asyncio.run(loaded(slow, seed)), 99))
    without, beside = median(tails[False]), median(tails[True])
    name = f"{SLOW} clients uploading at 10 kB/s: p99 of the others ÷ without"
    note = f"{beside:.0f} ms ÷ {without:.0f} ms at half load"
    found = {"p99_ms": {"without": tails[False], "beside": tails[True]}}
    return found, claim(name, beside / without, "×", 1.5, "lower", note)
