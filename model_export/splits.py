"""Which rows are trained on, and which steer the training.

Rows of `test` and `query` are questions kept for `evaluate` and `submit`: they are not read here.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.catalogue.row import Row
from engine.errors import CatalogueError
from engine.taxonomy import NO_PATH, sort_key

MAX_QUERIES = 600
MAX_GALLERY = 1000
IDENTIFIED = 0.85
"""Share of photos. Below it categories are worth more than they cost: where there are no product ids they find .107 of
all queries more, where there are they cost .018 (docs/recognition.md, "Identity and categories")."""


@dataclass(frozen=True, slots=True)
class Split:
    """`train` is trained on; `queries` are looked for among `gallery`. No queries: nothing can steer."""

    train: tuple[Row, ...]
    queries: tuple[Row, ...]
    gallery: tuple[Row, ...]


def is_used(row: Row, fit_only: bool) -> bool:
    """Whether a run may look at the row: of split `train`, `val` or none; to fit a projection only, any indexed one."""
    return row.indexed if fit_only else row.split in (None, "train", "val")


def training_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows of split `train` or none."""
    return [row for row in rows if row.split in (None, "train")]


def is_identified(rows: Sequence[Row]) -> bool:
    """Whether product ids say of `IDENTIFIED` of the photos or more which others show the same product."""
    photos = Counter(row.product for row in rows)
    return sum(count for count in photos.values() if count > 1) >= IDENTIFIED * len(rows)


def split_rows(rows: Sequence[Row], seed: int, name: str) -> Split:
    """Divide a catalogue (`name`, for messages). Depends on the order of `rows` and on `seed` alone.

    With rows of split `val`, these are the queries and the training photos their gallery, both bounded. Without,
    a tenth of the products with several photos (at most 200) is held out: of every second one all photos, so that
    products never trained on count too; of the others one photo. If no product has several photos, a tenth of the
    labelled photos is held out, and counts as found by a photo of its class.
    """
    train = training_rows(rows)
    if not train:
        raise CatalogueError(f"{name} has no photos to train on: no row with split `train` or without a split")
    rng = np.random.default_rng((seed, 3))
    val = [row for row in rows if row.split == "val"]
    if val:
        asked = _some(val, MAX_QUERIES, rng)
        return Split(tuple(train), asked, _gallery(train, asked, rng))
    queries, shelf, held = _hold_out(train, rng)
    rest = [row for row in train if id(row) not in held]
    if not rest or not queries:
        return Split(tuple(train), (), ())
    return Split(tuple(rest), tuple(queries), (*shelf, *_gallery(rest, queries, rng)))


def relevant(queries: Sequence[Row], gallery: Sequence[Row]) -> npt.NDArray[np.bool_]:
    """bool [queries, gallery]: the same product; for a query whose product is not in the gallery, the same category."""
    ids = {name: i for i, name in enumerate(sorted({row.product for row in (*queries, *gallery)}))}
    paths = sorted({row.category for row in (*queries, *gallery)}, key=sort_key)
    categories = {path: i for i, path in enumerate(paths)}
    same_product = _equal([ids[row.product] for row in queries], [ids[row.product] for row in gallery])
    same_category = _equal([categories[row.category] for row in queries], [categories[row.category] for row in gallery])
    labelled = np.array([row.category != NO_PATH for row in queries], dtype=bool)
    answered = np.any(same_product, axis=1)
    found: npt.NDArray[np.bool_] = np.where(answered[:, None], same_product, same_category & labelled[:, None])
    return found


def _hold_out(train: list[Row], rng: np.random.Generator) -> tuple[list[Row], list[Row], set[int]]:
    """Queries, further photos of the products held out whole, and the identities of all rows not to train on."""
    products: dict[str, list[Row]] = defaultdict(list)
    for row in train:
        products[row.product].append(row)
    several = [photos for photos in products.values() if len(photos) > 1]
    count = min(200, len(several) // 10)
    queries: list[Row] = []
    shelf: list[Row] = []
    for turn, index in enumerate(rng.permutation(len(several))[:count]):
        photos = several[index]
        queries.append(photos[0])
        if turn % 2 == 0:
            shelf += photos[1:]
    if not several:
        labelled = [row for row in train if row.category != NO_PATH]
        queries = list(_some(labelled, min(MAX_QUERIES, len(labelled) // 10), rng))
    return queries, shelf, {id(row) for row in (*queries, *shelf)}


def _gallery(train: Sequence[Row], queries: Sequence[Row], rng: np.random.Generator) -> tuple[Row, ...]:
    """At most MAX_GALLERY random rows, and one of each product of a query that is in none of them: of a large catalogue
    they show few of its products, and recall would be that of categories alone.
    """
    drawn = _some(train, MAX_GALLERY, rng)
    missed = {row.product for row in queries} - {row.product for row in drawn}
    first = {row.product: row for row in reversed(train) if row.product in missed}
    return (*drawn, *first.values())


def _some(rows: Sequence[Row], count: int, rng: np.random.Generator) -> tuple[Row, ...]:
    """At most `count` random rows, in their own order."""
    if len(rows) <= count:
        return tuple(rows)
    return tuple(rows[i] for i in np.sort(rng.choice(len(rows), count, replace=False)))


def _equal(left: list[int], right: list[int]) -> npt.NDArray[np.bool_]:
    equal: npt.NDArray[np.bool_] = np.array(left, dtype=int)[:, None] == np.array(right, dtype=int)[None, :]
    return equal
