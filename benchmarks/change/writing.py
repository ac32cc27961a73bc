"""What changing the catalogue takes from those who search it: searches in closed loop with and without, in turn."""

import asyncio
import hashlib
import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from app.changes.write import NewPhoto, prepared
from app.loading import load
from app.settings import Settings
from benchmarks.change.asking import changing, metadata, new_product, removal, state
from benchmarks.result import QUICK, Claim, claim
from benchmarks.serve.cost import turns
from benchmarks.serve.load import Sample, closed, opened, percentile, poisson, throughput
from benchmarks.serve.photos import fresh, mix
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import LOAD, SERVER, Server, redis_server
from engine.index.flat import set_threads

CLIENTS = 8
SECONDS = 3.0 if QUICK else 8.0
ROUNDS = 2 if QUICK else 5
CHANGES, UPLOADS = 100, 5
"""A second."""
Next = Callable[[], bytes]


def writing(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Deletes, metadata changes and uploads beside eight searching clients, on one core."""
    drawn = itertools.count()
    photos = itertools.cycle(mix())
    kinds: dict[str, tuple[float, Next]] = {
        "deletes": (CHANGES, lambda: removal(f"D{next(drawn):08}")),
        "metadata changes": (CHANGES, lambda: metadata(f"D{next(drawn):08}")),
        "photo uploads": (UPLOADS, lambda: new_product(next(photos))[1]),
    }
    rates: dict[str, list[float]] = {}
    writes: dict[str, list[Sample]] = {}
    with state() as folder, redis_server() as redis, changing(bundles, folder, redis) as server, pinned(LOAD):
        asyncio.run(_beside(server, None, 2))
        for number in range(ROUNDS):
            rates.setdefault("none", []).append(asyncio.run(_beside(server, None, SECONDS))[0])
            for name, (rate, make) in kinds.items():
                arrivals = poisson(rate, SECONDS, number)
                found, own = asyncio.run(_beside(server, (arrivals, make), SECONDS))
                rates.setdefault(name, []).append(found)
                writes.setdefault(name, []).extend(own)
    for name, own in writes.items():
        bad = {sample.status for sample in own} - {200}
        if bad:
            raise RuntimeError(f"{name}: answers {bad}")
    bare = _bare(bundles)
    share = {name: median(own) / median(rates["none"]) for name, own in rates.items()}
    return {
        "searches_per_second": rates, "bare_upload_cpu_ms": bare * 1e3,
        "acknowledged_ms": {n: {"p50": percentile(own, 50), "p99": percentile(own, 99)} for n, own in writes.items()},
    }, [*_changes(share, writes), _uploads(share, bare, writes["photo uploads"])]  # fmt: skip


async def _beside(
    server: Server, changes: tuple[list[float], Next] | None, seconds: float
) -> tuple[float, list[Sample]]:
    """Searches a second, and the answers to `changes` at their times."""
    writing = None if changes is None else asyncio.create_task(opened(server.port, *changes, most=50))
    samples = await closed(server.port, CLIENTS, turns(mix()), seconds)
    bad = {own.status for own in samples} - {200}
    if bad:
        raise RuntimeError(f"searches were answered {bad}")
    return throughput(samples, seconds), [] if writing is None else await writing


def _changes(share: dict[str, float], writes: dict[str, list[Sample]]) -> Iterator[Claim]:
    for name in ("deletes", "metadata changes"):
        own = writes[name]
        note = f"acknowledged within {percentile(own, 50):.0f} ms (p50), {percentile(own, 99):.0f} ms (p99)"
        yield claim(f"search throughput during {CHANGES} {name}/s ÷ without", share[name], "×", 0.9, "higher", note)


def _uploads(share: dict[str, float], bare: float, own: list[Sample]) -> Claim:
    lost = 1 - share["photo uploads"]
    return claim(
        f"{UPLOADS} photo uploads/s: loss of search throughput ÷ what the photos cost bare", lost / (UPLOADS * bare),
        "×", 1.2, "lower", f"{lost:.1%} of a core ÷ {UPLOADS} × {bare * 1e3:.1f} ms; acknowledged within "
        f"{percentile(own, 50):.0f} ms (p50), {percentile(own, 99):.0f} ms (p99)",
    )  # fmt: skip


def _bare(bundles: Path) -> float:
    """Processor seconds of what an uploaded photo needs without a service: hash, decode, encode, thumbnail."""
    set_threads(1)
    loaded = load(Settings(bundles=bundles, threads=1))
    seconds = []
    with pinned(SERVER):
        for photo in mix() * (ROUNDS + 1):
            data = fresh(photo)
            began = time.process_time()
            prepared(loaded, NewPhoto("photo", hashlib.sha256(data).hexdigest(), data))
            seconds.append(time.process_time() - began)
    warm = seconds[len(mix()) :]
    return sum(warm) / len(warm)
