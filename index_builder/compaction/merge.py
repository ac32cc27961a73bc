"""The rows of a generation and those that come to it in one order. Row numbers alone are in memory, no ids."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from engine.bundle.generation import Generation
from engine.bundle.manifest import CategorySlice
from engine.index.protocol import Rows
from engine.taxonomy import sort_key
from index_builder.compaction.fold import Added, Folded


@dataclass(frozen=True, slots=True)
class Merged:
    """The rows of the new generation."""

    source: Rows
    """Where each comes from, int64 [rows]: a row of the old generation, or ~i for the i-th added one."""
    categories: tuple[CategorySlice, ...]
    by_product: Rows
    by_image: Rows
    """Both as engine.bundle.rows.RowTable has them."""


def merge(base: Generation, folded: Folded) -> Merged:
    """Put what was folded at its places: by category, product id, image id."""
    added, gone, table = folded.added, folded.gone, base.table
    kept = np.flatnonzero(~gone)
    at = np.searchsorted(kept, _places(base, added))
    source = np.insert(kept, at, ~np.arange(len(added)))
    new_of_added = at + np.arange(len(added))
    new_of_kept = np.arange(len(kept)) + np.searchsorted(at, np.arange(len(kept)), side="right")
    new_of_base = np.full(len(gone), -1, dtype=np.int64)
    new_of_base[kept] = new_of_kept

    def merged(old: Rows, key: Callable[[int], object], names: Sequence[str]) -> Rows:
        """An order of all rows, from the old one and the place of each added one in it. key: of a row, as `names`."""
        order = _order(added, names)
        keys = zip(*(added.table[name].take(order).to_pylist() for name in names), strict=True)
        wanted = [own if len(names) > 1 else own[0] for own in keys]
        places = [bisect_left(old, own, key=lambda row: key(int(row))) for own in wanted]
        stays = ~gone[old]
        before = np.concatenate([[0], np.cumsum(stays)])
        result: Rows = np.insert(new_of_base[old[stays]], before[places], new_of_added[order])
        return result

    return Merged(
        source=source,
        categories=_categories(base, kept, added),
        by_product=merged(table.by_product, table.key, ("product_id", "image_id")),
        by_image=merged(table.by_image, lambda row: table.key(row)[1], ("image_id",)),
    )


def _places(base: Generation, added: Added) -> Rows:
    """Before which row of the generation each added one stands, int64 [added]."""
    categories = base.manifest.categories
    slices = {own.path: own for own in categories}
    names = [sort_key(own.path) for own in categories]
    places = []
    products, images = (added.table[name].to_pylist() for name in ("product_id", "image_id"))
    for category, product, image in zip(added.table["category"].to_pylist(), products, images, strict=True):
        own = slices.get(added.paths[category])
        if own is None:
            after = bisect_left(names, sort_key(added.paths[category]))
            places.append(categories[after].start if after < len(categories) else base.manifest.rows)
        else:
            inside = bisect_left(range(own.start, own.stop), (product, image), key=base.table.key)
            places.append(own.start + inside)
    return np.array(places, dtype=np.int64)


def _categories(base: Generation, kept: Rows, added: Added) -> tuple[CategorySlice, ...]:
    """The slices of all categories that have rows. One that lost its last is none any more, as after a full index."""
    rows: dict[tuple[str | None, str | None, str | None], int] = {}
    for own in base.manifest.categories:
        first, last = np.searchsorted(kept, [own.start, own.stop])
        rows[own.path] = int(last - first)
    counts = np.bincount(added.table["category"].to_numpy(), minlength=len(added.paths)).tolist()
    for path, count in zip(added.paths, counts, strict=True):
        rows[path] = rows.get(path, 0) + count
    slices, start = [], 0
    for path in sorted((path for path, count in rows.items() if count), key=sort_key):
        slices.append(CategorySlice(path=path, start=start, stop=start + rows[path]))
        start += rows[path]
    return tuple(slices)


def _order(added: Added, names: Sequence[str]) -> npt.NDArray[np.uint64]:
    """The places of the added rows by some of their columns."""
    order: npt.NDArray[np.uint64] = pc.sort_indices(
        added.table, sort_keys=[(name, "ascending") for name in names]
    ).to_numpy()
    return order
