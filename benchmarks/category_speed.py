"""The time of a ranked list over all codes and inside likely categories, on drawn codes in eProduct's categories."""

from collections.abc import Callable
from functools import partial
from itertools import cycle
from statistics import median
from typing import Any

import numpy as np

from benchmarks.index_speed import BITS, ROWS, Shelf, clustered, photo_of, save
from benchmarks.likely import LikelyCategories
from benchmarks.result import QUICK
from benchmarks.timing import interleaved
from engine.bundle.manifest import CategorySlice
from engine.codes import Floats
from engine.index.flat import set_threads
from engine.index.protocol import Scope, size
from engine.ranking import rank
from engine.taxonomy import Level, Path3, Taxonomy

META, LEVEL2, LEAVES = 16, 75, 1000
TAIL = 54
"""Photos of the largest leaf ÷ of the smallest: 5,218 ÷ 96 in eProduct."""
ROUNDS = 30 if QUICK else 150
MASS, SURE, MOST = 0.95, 0.97, 10
WAYS: dict[str, tuple[Level, int, int]] = {
    "1 leaf": ("leaf", 1, 0),
    "3 leaves": ("leaf", 3, 0),
    "10 leaves": ("leaf", 10, 0),
    "10 leaves and 50 that are new": ("leaf", 10, 50),
    "1 level 2": ("level2", 1, 0),
    "3 level 2": ("level2", 3, 0),
    "1 meta": ("meta", 1, 0),
}
"""The level, how many categories are likely, and how many leaves the model was never taught."""


def shop(rng: np.random.Generator) -> list[CategorySlice]:
    """ROWS rows in the leaves of META and LEVEL2 categories above them."""
    sizes = np.geomspace(TAIL, 1, LEAVES)[rng.permutation(LEAVES)]
    edges = np.concatenate([[0], np.round(np.cumsum(sizes) / sizes.sum() * ROWS)]).astype(int).tolist()
    paths = [_path(leaf) for leaf in range(LEAVES)]
    return [CategorySlice(path=path, start=a, stop=b) for path, a, b in zip(paths, edges[:-1], edges[1:], strict=True)]


def _path(leaf: int) -> Path3:
    level2 = leaf * LEVEL2 // LEAVES
    return f"{level2 * META // LEVEL2:02}", f"{level2:02}", f"{leaf:04}"


def certain(classes: int, guessed: list[int]) -> Floats:
    """Probabilities of a model that is sure of some classes together."""
    result = np.full(classes, (1 - SURE) / (classes - len(guessed)), dtype=np.float32)
    result[guessed] = SURE / len(guessed)
    return result


def speed() -> dict[str, Any]:
    """Median milliseconds of a ranked list, and the mean share of the rows that it searches, for each way."""
    set_threads(1)
    rng = np.random.default_rng(0)
    codes = np.concatenate([clustered(100_000, rng) for _ in range(ROWS // 100_000)])
    shelf = Shelf(save(codes, 1), np.zeros(BITS, dtype=np.float32), 200)
    slices = shop(rng)
    rows = rng.integers(0, ROWS, ROUNDS + 1)
    photos = [photo_of(codes[row], rng) for row in rows]
    leaves = np.searchsorted([own.stop for own in slices], rows, side="right").tolist()
    scopes: dict[str, list[Scope]] = {"all": [((0, ROWS),)] * len(rows)}
    calls: dict[str, Callable[[], object]] = {"all": _ranked(shelf, photos, lambda place: ((0, ROWS),))}
    for name, (level, count, new) in WAYS.items():
        likely, said = _asked(slices, leaves, level, count, new, rng)
        narrowed = partial(_narrowed, likely, said)
        scopes[name] = [narrowed(place) for place in range(len(rows))]
        calls[name] = _ranked(shelf, photos, narrowed)
    times = interleaved(calls, ROUNDS)
    shares = {name: float(np.mean([size(own) for own in scopes[name]])) / ROWS for name in scopes}
    return {
        "rows": ROWS,
        "rounds": ROUNDS,
        "median_ms": {name: round(median(values) * 1e3, 3) for name, values in times.items()},
        "share_of_rows": {name: round(share, 4) for name, share in shares.items()},
    }


def _asked(
    slices: list[CategorySlice], leaves: list[int], level: Level, count: int, new: int, rng: np.random.Generator
) -> tuple[LikelyCategories, list[Floats]]:
    """A model that was not trained on `new` of the leaves, and what it says of each photo: its own leaf and others."""
    others = np.setdiff1d(np.arange(LEAVES), leaves)
    unknown = set(rng.choice(others, new, replace=False).tolist())
    trained = [leaf for leaf in range(LEAVES) if leaf not in unknown]
    taxonomy = Taxonomy(classes=tuple(slices[leaf].path for leaf in trained))
    place = {leaf: i for i, leaf in enumerate(trained)}
    said = []
    for leaf in leaves:
        wrong = np.delete(np.arange(len(trained)), place[leaf])
        said.append(certain(len(trained), [place[leaf], *rng.choice(wrong, count - 1, replace=False).tolist()]))
    return LikelyCategories.of(taxonomy, level, slices), said


def _narrowed(likely: LikelyCategories, said: list[Floats], place: int) -> Scope:
    return likely.scope(said[place], MASS, MOST)


def _ranked(shelf: Shelf, photos: list[Floats], scope_of: Callable[[int], Scope]) -> Callable[[], object]:
    turn = cycle(range(len(photos)))

    def call() -> object:
        place = next(turn)
        return rank(shelf, photos[place], 10, scope_of(place))

    return call
