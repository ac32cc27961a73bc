"""What a query costs against the size of the shop: the bare path, stage by stage, on one core."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.result import QUICK, Claim, claim
from benchmarks.serve.bare import STAGES, Bare, Cost
from benchmarks.serve.photos import fresh, mix
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import SERVER
from benchmarks.serve.shop import shop

SIZES = (10_000, 100_000, 500_000) if QUICK else (100_000, 1_100_000, 5_000_000, 10_000_000)
ROUNDS = 3 if QUICK else 20
"""How often each photo of the mix is asked of each shop."""


def curve(_: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Every photo of the mix asked of every shop in turn, so that a noisy moment hits all sizes."""
    shops = {rows: Bare(shop(rows)) for rows in SIZES}
    photos = mix()
    costs: dict[int, list[Cost]] = {rows: [] for rows in SIZES}
    with pinned(SERVER):
        for photo, bare in product(photos[:4], shops.values()):
            bare.one(fresh(photo))
        for _round, photo, (rows, bare) in product(range(ROUNDS), photos, shops.items()):
            costs[rows].append(bare.one(fresh(photo)))
    stages = {rows: stages_ms(own, len(photos)) for rows, own in costs.items()}
    figures = {
        f"{rows}": {"queries": len(costs[rows]), "ms": sum(own.values()), "stages_ms": own}
        for rows, own in stages.items()
    }
    return figures, _claims(stages)


def stages_ms(costs: Sequence[Cost], photos: int) -> dict[str, float]:
    """Milliseconds by stage: the median over the rounds, each of `photos` photos in turn, and their mean."""
    by_photo = {stage: np.array([own.stages.get(stage, 0.0) for own in costs]).reshape(-1, photos) for stage in STAGES}
    return {stage: float(np.median(own, axis=0).mean()) * 1e3 for stage, own in by_photo.items()}


def _claims(stages: dict[int, dict[str, float]]) -> list[Claim]:
    each = {rows: own["search"] / rows * 1e6 for rows, own in stages.items()}
    rest = {rows: sum(own.values()) - own["search"] for rows, own in stages.items()}
    small, large = SIZES[0], SIZES[-1]
    middle = SIZES[1]
    listed = "; ".join(f"{rows / 1e6:g} M rows {value:.2f} ms" for rows, value in each.items())
    return [
        claim(f"search per million rows, at {large / 1e6:g} M", each[large], "ms", None, "lower", listed),
        claim(f"search per row: {large / 1e6:g} M rows ÷ {middle / 1e6:g} M", each[large] / each[middle], "×", None,
              "lower", "1 is linear"),
        claim(f"all but the search: {large / 1e6:g} M rows ÷ {small / 1e6:g} M", rest[large] / rest[small], "×", None,
              "lower", f"{rest[large]:.1f} ms ÷ {rest[small]:.1f} ms"),
    ]  # fmt: skip
