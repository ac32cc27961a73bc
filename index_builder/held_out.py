"""Which photos of a catalogue may ask a generation that was made of it: never those of `test` or `query`."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from engine.catalogue.row import Row


def askable(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The `val` photos of indexed products, and the indexed photos of products with two or more of them."""
    photos = Counter(row.product for row in rows if row.indexed)
    val = [row for row in rows if row.split == "val" and photos[row.product]]
    several = [row for row in rows if row.indexed and photos[row.product] > 1]
    return val, several


def sample(rows: list[Row], count: int) -> list[Row]:
    """At most `count` of `rows`, in their order, the same for the same rows."""
    if len(rows) <= count:
        return rows
    chosen = np.random.default_rng(0).choice(len(rows), count, replace=False)
    return [rows[place] for place in np.sort(chosen)]
