"""What the cache gives under a load like a shop's: some photos are asked again and again, most of them hardly ever.

The same sequence twice, from an empty cache: once as it is, once while the catalogue changes WRITES times a second.
"""

import asyncio
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from redis import Redis

from benchmarks.result import QUICK, Claim, claim
from benchmarks.serve.load import LIMIT, closed, percentile
from benchmarks.serve.photos import Photo, jpegs, request
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import LOAD, Server, redis_server, twinshot

PHOTOS = 300 if QUICK else 2_000
REQUESTS = 1_000 if QUICK else 8_000
EXPONENT = 1.0
WRITES = 10
LAYERS = ("answer", "embedding")
PATIENCE = 10 * LIMIT
"""Seconds within which the requests are through."""


def cache(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """One caller, so that no latency has a queue in it."""
    order = zipf(PHOTOS, REQUESTS, EXPONENT)
    modules = {"still": ("app.main",), "writes": ("benchmarks.serve.revising", str(WRITES))}
    figures: dict[str, Any] = {"photos": PHOTOS, "requests": REQUESTS, "asked": len(set(order)), "exponent": EXPONENT}
    for name, module in modules.items():
        with (
            redis_server() as url, Redis.from_url(url) as redis,
            twinshot(bundles, redis=url, module=module) as server, pinned(LOAD),
        ):  # fmt: skip
            figures[name] = _asked(server, redis, order)
    return figures, _claims(figures)


def zipf(photos: int, requests: int, exponent: float, seed: int = 0) -> list[int]:
    """Which of `photos` is asked for at each request: the k-th with a probability that falls as k to the exponent."""
    weights = np.arange(1, photos + 1, dtype=np.float64) ** -exponent
    chosen = np.random.default_rng(seed).choice(photos, requests, p=weights / weights.sum())
    return [int(own) for own in chosen]


def numbered(bases: Sequence[Photo], number: int) -> Photo:
    """One of `bases` as the `number`-th photo to every cache: bytes at its end that no decoder reads."""
    base = bases[number % len(bases)]
    return Photo(base.data + b"zipf" + number.to_bytes(4, "little"), base.kind)


def _asked(server: Server, redis: "Redis", order: Sequence[int]) -> dict[str, Any]:
    bases, places = jpegs(), iter(order)
    left = len(order)

    def make() -> bytes:
        nonlocal left
        left -= 1
        return request(numbered(bases, next(places)), again=True)

    cpu, empty = server.cpu(), _memory(redis)
    samples = asyncio.run(closed(server.port, 1, make, PATIENCE, lambda: left > 0))
    bad = [own.status for own in samples if own.status != 200]
    if bad or len(samples) != len(order):
        raise RuntimeError(f"{len(samples)} of {len(order)} requests were sent, {len(bad)} of them failed: {set(bad)}")
    used, entries = (server.cpu() - cpu) / len(order), _entries(redis)
    figures: dict[str, Any] = {
        "p50_ms": percentile(samples, 50), "p99_ms": percentile(samples, 99), "cpu_ms": used * 1e3,
        "seconds": samples[-1].due + samples[-1].seconds,
        "decoded": server.metric('twinshot_stage_seconds_count{stage="decode"}'),
        "redis": {"entries": entries, "bytes_each": (_memory(redis) - empty) / entries}
        | {layer: _bytes_each(redis, layer) for layer in LAYERS},
        "process": {
            "entries": server.metric("twinshot_cache_entries"), "bytes": server.metric("twinshot_cache_bytes")
        },
    }  # fmt: skip
    for layer in LAYERS:
        hits, misses = (
            server.metric(f'twinshot_cache_lookups_total{{layer="{layer}",result="{own}"}}') for own in ("hit", "miss")
        )
        sizes = (server.metric(f'twinshot_cache_entry_bytes_{own}{{layer="{layer}"}}') for own in ("sum", "count"))
        total, put = sizes
        figures[layer] = {"hits": hits, "misses": misses, "ratio": hits / (hits + misses), "bytes_each": total / put}
    return figures


def _memory(redis: "Redis") -> int:
    info: Any = redis.info("memory")
    return int(info["used_memory"])


def _bytes_each(redis: "Redis", layer: str) -> float:
    """Bytes that Redis spends on an entry of `layer`, key and all, but for its place in two hash tables."""
    keys: Any = islice(redis.scan_iter(f"twinshot:{layer}:*", count=500), 100)
    return median(float(str(redis.memory_usage(key))) for key in keys)


def _entries(redis: "Redis") -> int:
    count: Any = redis.dbsize()
    return int(count)


def _claims(found: dict[str, Any]) -> list[Claim]:
    still, writes = found["still"], found["writes"]
    asked = f"{REQUESTS:,} requests for {found['asked']:,} of {PHOTOS:,} photos, Zipf {EXPONENT:g}, from empty"
    how = "a write is a new revision of the same generation, without products that change"
    sizes = ", ".join(f"{layer} {still[layer]['bytes_each']:,.0f}" for layer in LAYERS)
    return [
        claim("answers from the cache, no writes", still["answer"]["ratio"], "", None, "higher", asked),
        claim(f"answers from the cache, {WRITES} writes/s", writes["answer"]["ratio"], "", None, "higher", how),
        claim(f"{WRITES} writes/s: photos decoded ÷ photos asked for", writes["decoded"] / found["asked"], "×", 1.01,
              "lower", f"where no answer was cached, {writes['embedding']['ratio']:.3f} of embeddings were"),
        claim("p50, no writes", still["p50_ms"], "ms", None, "lower", "one caller"),
        claim(f"p50, {WRITES} writes/s", writes["p50_ms"], "ms", None, "lower", "one caller"),
        claim(f"server CPU per answer, {WRITES} writes/s ÷ none", writes["cpu_ms"] / still["cpu_ms"], "×", None,
              "lower", f"{writes['cpu_ms']:.2f} ms ÷ {still['cpu_ms']:.2f} ms"),
        claim("Redis: bytes per entry", still["redis"]["bytes_each"], "bytes", None, "lower",
              f"key and value as put: {sizes}"),
    ]  # fmt: skip
