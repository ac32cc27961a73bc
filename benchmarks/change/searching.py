"""What changes since the generation cost a search: the stage `search` with 10,000 and 100,000 of them, and without."""

import hashlib
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from app.cache.entries import KEPT
from app.live import Loaded
from app.loading import load
from app.search import Query, answer_of, embed
from app.settings import Settings
from app.telemetry import Timing
from benchmarks.result import QUICK, Claim, claim
from benchmarks.serve.photos import mix
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import SERVER
from engine.changes.record import Change, StoredPhoto, StoredProduct
from engine.codes import Codes
from engine.index.flat import set_threads
from engine.live.overlay import Overlay
from engine.live.view import View

COUNTS = {10_000: 1.1, 100_000: 1.2}
"""How many changes, and how many times as long a search may take with them."""
ROUNDS = 5 if QUICK else 30


def searching(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """The same photos asked of the generation alone and with changes, taking turns on one core."""
    set_threads(1)
    loaded = load(Settings(bundles=bundles, threads=1))
    views = {"0": loaded.view} | {f"{count}": changed(loaded, count) for count in COUNTS}
    queries = [Query(p.data, hashlib.sha256(p.data).hexdigest(), KEPT, loaded.view.everything) for p in mix()]
    embedded = [embed(loaded, query, Timing()) for query in queries]
    stages: dict[str, dict[str, list[float]]] = {name: {"search": [], "rank": []} for name in views}
    with pinned(SERVER):
        for turn in range(ROUNDS + 1):
            for query, own in zip(queries, embedded, strict=True):
                for name, view in views.items():
                    timing = Timing()
                    answer_of(view, query, own, timing)
                    if turn:  # the first is warm-up
                        stages[name]["search"].append(timing.seconds["search"] * 1e3)
                        stages[name]["rank"].append(timing.seconds["rank"] * 1e3)
    ms = {name: {stage: median(values) for stage, values in own.items()} for name, own in stages.items()}
    figures = {"rows": loaded.view.rows, "queries": ROUNDS * len(queries), "ms": ms}
    return figures, [
        claim(f"search stage with {count:,} changes ÷ without", ms[f"{count}"]["search"] / ms["0"]["search"], "×",
              target, "lower", f"{ms[f'{count}']['search']:.2f} ms ÷ {ms['0']['search']:.2f} ms; a third each: new, "
              f"deleted and replaced products; rank {ms[f'{count}']['rank']:.2f} ms, without {ms['0']['rank']:.2f} ms")
        for count, target in COUNTS.items()
    ]  # fmt: skip


def changed(loaded: Loaded, count: int) -> View:
    """The generation after `count` changes: new, deleted and replaced products in turn, one photo each.

    The photos have codes of the generation with a few bits flipped, so that they stand among the nearest as others do.
    """
    overlay = Overlay(loaded.generation)
    rng = np.random.default_rng(count)
    rows = rng.permutation(loaded.generation.manifest.rows)[:count]
    products = loaded.generation.ids(rows)[0]
    codes = _flipped(loaded.generation.codes(rows), rng)
    for number, (product_id, code) in enumerate(zip(products, codes, strict=True)):
        own = f"N{number}" if number % 3 == 0 else product_id
        digest = hashlib.sha256(number.to_bytes(8, "little")).hexdigest()
        photo = StoredPhoto(image_id=f"{own}-n{number}", sha256=digest)
        product = None if number % 3 == 1 else StoredProduct(product_id=own, photos=(photo,))
        revision = overlay.revision + 1
        overlay.apply(Change(revision=revision, at="", product_id=own, product=product), {digest: code})
    return View(overlay)


def _flipped(codes: Codes, rng: np.random.Generator) -> Codes:
    """`codes` with each bit flipped with a chance of 5 %."""
    return codes ^ np.packbits(rng.random((len(codes), codes.shape[1] * 8), dtype=np.float32) < 0.05, axis=1)
