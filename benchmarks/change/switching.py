"""One generation takes over from another under load, again and again: who is failed, who waits, what memory is left."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np

from benchmarks.change.asking import KEY, changing, state
from benchmarks.change.copies import copied, twin
from benchmarks.result import QUICK, WORK, Claim, claim
from benchmarks.serve.cost import asked, turns
from benchmarks.serve.load import Sample, opened, poisson, statuses, throughput
from benchmarks.serve.memory import SMALL
from benchmarks.serve.photos import mix
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import LOAD, SERVER, Server, redis_server
from benchmarks.serve.shop import shop
from engine.bundle.store import current, set_current

SWITCHES = 4 if QUICK else 20
APART = 3.0
"""Seconds from one switch to the next."""
LOADED = 0.3
"""Of the throughput of eight clients."""
EARLY, LATE = (4, 12) if QUICK else (10, 100)
Switch = tuple[float, float]
"""Seconds since the load began: from when the other generation was named until it answered."""


def switching(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """A shop of a million switches under load; a small one switches so often that what leaks would be seen."""
    (WORK / "live").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=WORK / "live") as folder:
        figures, claims = _under_load(copied(bundles, Path(folder) / "large"))
        kept, own = _memory(copied(shop(SMALL), Path(folder) / "small"))
    return figures | {"bytes_after": kept}, [*claims, own]


def _under_load(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    pair = [twin(bundles), current(bundles)]
    with (
        state() as folder,
        redis_server() as redis,
        changing(bundles, folder, redis, SERVER) as server,
        pinned(LOAD),
    ):
        make = turns(mix())
        asked(server, 2, make, 2)
        peak = throughput(asked(server, 8, make, 5.0)[0], 5.0)
        arrivals = poisson(peak * LOADED, (SWITCHES + 1) * APART, seed=3)

        async def both() -> tuple[list[Sample], list[Switch]]:
            load = asyncio.create_task(opened(server.port, arrivals, make))
            switches = await _switches(server, bundles, pair)
            return await load, switches

        samples, switches = asyncio.run(both())
    during = [s for s in samples if any(s.due < stop and s.due + s.seconds > start for start, stop in switches)]
    otherwise = [s for s in samples if s not in set(during)]
    p99 = {n: float(np.percentile([s.seconds for s in own], 99)) * 1e3
           for n, own in (("during", during), ("otherwise", otherwise))}  # fmt: skip
    took = [stop - start for start, stop in switches]
    failed = sum(own.status != 200 for own in samples)
    note = f"{p99['during']:.0f} ms ÷ {p99['otherwise']:.0f} ms, n = {len(during)} and {len(otherwise)}"
    return {
        "peak": peak, "statuses": statuses(samples), "p99_ms": p99, "switch_seconds": took,
    }, [
        claim(f"{SWITCHES} switches at {LOADED:.0%} load: failed requests", failed, "", 0, "lower",
              f"of {len(samples)}; a switch takes {np.median(took):.2f} s"),
        claim(f"p99 during {SWITCHES} switches ÷ otherwise", p99["during"] / p99["otherwise"], "×", 2, "lower", note),
    ]  # fmt: skip


async def _switches(server: Server, bundles: Path, pair: list[str]) -> list[Switch]:
    began, found = time.perf_counter(), []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as http:
        for number in range(SWITCHES):
            await asyncio.sleep(max((number + 1) * APART - (time.perf_counter() - began), 0))
            start = time.perf_counter() - began
            set_current(bundles, pair[number % 2])
            await _reloaded(http, pair[number % 2])
            found.append((start, time.perf_counter() - began))
    return found


def _memory(bundles: Path) -> tuple[dict[str, int], Claim]:
    """Proportional set size after so many switches, a few photos between them."""
    pair = [twin(bundles), current(bundles)]
    sizes: dict[str, int] = {}

    async def switch(server: Server, number: int) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as http:
            set_current(bundles, pair[number % 2])
            await _reloaded(http, pair[number % 2])

    with state() as folder, changing(bundles, folder, cores=SERVER) as server, pinned(LOAD):
        for number in range(LATE):
            asyncio.run(switch(server, number))
            asked(server, 2, turns(mix()), 0.1)
            if number + 1 in (EARLY, LATE):
                asked(server, 8, turns(mix()), 2.0)  # as much under way as there ever is
                sizes[f"{number + 1}"] = server.proportional_set_size()
    early, late = sizes[f"{EARLY}"], sizes[f"{LATE}"]
    note = f"{late / 1e6:.0f} MB ÷ {early / 1e6:.0f} MB"
    return sizes, claim(f"memory after {LATE} switches ÷ after {EARLY}", late / early, "×", 1.05, "lower", note)


async def _reloaded(http: httpx.AsyncClient, generation: str) -> None:
    response = await http.post("/admin/reload", headers={"Authorization": f"Bearer {KEY}"})
    if response.status_code != 200 or response.json()["generation"] != generation:
        raise RuntimeError(f"{generation} was not taken over: {response.text}")
