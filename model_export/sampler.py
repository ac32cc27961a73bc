"""Which photos a step sees: pairs of one product, classes drawn by the square root of their size.

Square-root sampling lies between even and natural frequencies (Mikolov et al. 2013; Mahajan et al., ECCV 2018,
section 2.2). The pairs give the instance term its positives, and neighbours that stay together its hard negatives:
other products of the same leaf category, or of the nearest parent that has others.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.catalogue.row import Row
from engine.taxonomy import NO_PATH, Path3
from model_export.recipe import Positives


@dataclass(frozen=True, slots=True)
class View:
    """One photo to look at: the index of its row, and which of its views in this epoch."""

    row: int
    view: int


def epoch_batches(
    rows: Sequence[Row], batch: int, seed: int, epoch: int, together: int = 1, positives: Positives = "product"
) -> list[list[View]]:
    """The batches of one epoch: about as many photos as there are rows, in batches of about `batch`.

    Photos come in pairs: two photos of one product, or two views of one photo where a product has no other. A class
    with n photos gets a share of the pairs proportional to √n, and goes through all its pairs before any comes again.
    Up to `together` pairs of one neighbourhood stand side by side. With positives `photo` all pairs are two
    views of one photo. Depends on the arguments alone.
    """
    if not rows:
        return []
    rng = np.random.default_rng((seed, epoch, 1))
    by_class: dict[Path3, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, row in enumerate(rows):
        by_class[row.category][row.product].append(index)
    sizes = np.array([sum(map(len, of_class.values())) for of_class in by_class.values()])
    near: dict[Path3, list[tuple[int, int]]] = defaultdict(list)
    crowds = _crowds(by_class) if together > 1 else {path: path for path in by_class}
    for (path, of_class), quota in zip(by_class.items(), _quotas(sizes, (len(rows) + 1) // 2, rng), strict=True):
        photos = list(of_class.values())
        if positives == "photo":
            photos = [[photo] for of_product in photos for photo in of_product]
        pairs = _pairs(photos, rng)
        near[crowds[path]] += [pairs[i % len(pairs)] for i in range(quota)]
    runs: list[list[tuple[int, int]]] = []
    for chosen in near.values():
        mixed = [chosen[i] for i in rng.permutation(len(chosen))] if together > 1 else chosen
        runs += [mixed[start : start + together] for start in range(0, len(mixed), together)]
    order = [pair for run in rng.permutation(len(runs)) for pair in runs[run]]
    pieces = np.array_split(np.arange(len(order)), max(1, round(2 * len(order) / batch)))
    return _number_views([[row for pair in piece for row in order[pair]] for piece in pieces])


def _crowds(by_class: Mapping[Path3, Mapping[str, object]]) -> dict[Path3, Path3]:
    """For each class the neighbourhood of its products: the class itself where it has two or more, else the nearest
    parent that has; without one, the class.
    """
    products: dict[Path3, set[str]] = defaultdict(set)
    for path, of_class in by_class.items():
        for parent in _upwards(path):
            products[parent] |= of_class.keys()
    return {path: next((own for own in _upwards(path) if len(products[own]) > 1), path) for path in by_class}


def _upwards(path: Path3) -> list[Path3]:
    """`path` and its parents below the root, deepest first."""
    meta, level2, _ = path
    return list(dict.fromkeys(own for own in (path, (meta, level2, None), (meta, None, None)) if own != NO_PATH))


def _quotas(sizes: np.ndarray, total: int, rng: np.random.Generator) -> list[int]:
    """`total` shared out in proportion to √size; what rounding leaves is drawn at random, without bias."""
    exact = total * np.sqrt(sizes) / np.sqrt(sizes).sum()
    # Systematic sampling: whole parts are kept, fractions get one more with exactly their probability.
    edges = np.floor(np.concatenate([[0.0], np.cumsum(exact)]) + rng.random())
    return [int(n) for n in np.diff(edges)]


def _pairs(products: list[list[int]], rng: np.random.Generator) -> list[tuple[int, int]]:
    """All photos of a class in pairs, in random order; an odd one takes a second photo of its product, or itself."""
    pairs: list[tuple[int, int]] = []
    for photos in products:
        order = [photos[i] for i in rng.permutation(len(photos))]
        if len(order) % 2:
            order.append(order[0])
        pairs += list(zip(order[::2], order[1::2], strict=True))
    return [pairs[i] for i in rng.permutation(len(pairs))]


def _number_views(batches: list[list[int]]) -> list[list[View]]:
    seen: dict[int, int] = defaultdict(int)
    numbered: list[list[View]] = []
    for rows in batches:
        numbered.append([])
        for row in rows:
            numbered[-1].append(View(row, seen[row]))
            seen[row] += 1
    return numbered
