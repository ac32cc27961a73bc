"""How long after a change was acknowledged it is found: in the process that took it, and in another on its state."""

import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.change.asking import KEY, changing, new_product, sent, state
from benchmarks.result import QUICK, Claim, claim
from benchmarks.serve.photos import jpegs
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import LOAD, SERVER, redis_server

CHANGES = 20 if QUICK else 200
LONGEST = 10.0


def visible(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Products are put in one process, searched for by their photo there and in the other, and removed again."""
    put: dict[str, list[float]] = {"same": [], "other": []}
    removed: dict[str, list[float]] = {"same": [], "other": []}
    with (
        state() as folder,
        redis_server() as redis,
        changing(bundles, folder, redis) as same,
        changing(bundles, folder, redis, SERVER) as other,
        pinned(LOAD),
        httpx.Client(headers={"Authorization": f"Bearer {KEY}"}, timeout=30) as http,
    ):
        servers = {"same": same, "other": other}
        for photo in islice(cycle(jpegs()), CHANGES):
            product_id, request, data = new_product(photo)
            sent(same, request)
            acknowledged = time.perf_counter()
            for name, server in servers.items():
                put[name].append(_until(http, server.port, data, product_id, True) - acknowledged)
            http.delete(f"http://127.0.0.1:{same.port}/products/{product_id}").raise_for_status()
            acknowledged = time.perf_counter()
            for name, server in servers.items():
                removed[name].append(_until(http, server.port, data, product_id, False) - acknowledged)
    figures = {
        what: {
            name: {f"p{q}_ms": float(np.percentile(own, q)) * 1e3 for q in (50, 99, 100)} for name, own in of.items()
        }
        for what, of in (("put", put), ("removed", removed))
    }
    claims = []
    for name, target in (("same", None), ("other", 1000.0)):
        for q in (50, 99):
            ms = max(figures[what][name][f"p{q}_ms"] for what in figures)
            note = f"the slower of put and removed, n = {CHANGES} each; with the search that finds it"
            claims.append(claim(f"acknowledged → searchable, {name} process, p{q}", ms, "ms", target, "lower", note))
    return {"changes": CHANGES, "ms": figures}, claims


def _until(http: httpx.Client, port: int, photo: bytes, product_id: str, there: bool) -> float:
    """When a search by the photo first has the product, or has it no more."""
    end = time.perf_counter() + LONGEST
    while time.perf_counter() < end:
        answer = http.post(
            f"http://127.0.0.1:{port}/search", content=photo, headers={"Content-Type": "image/jpeg"}
        ).raise_for_status()
        if (product_id in [own["product_id"] for own in answer.json()["results"][:1]]) == there:
            return time.perf_counter()
    raise RuntimeError(f"{product_id} was not {'found' if there else 'gone'} after {LONGEST:g} s")
