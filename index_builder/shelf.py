"""A generation as evaluation needs it: numbers in place of ids, and which rows answer which query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.bundle.generation import Generation
from engine.catalogue.row import Row
from engine.errors import CatalogueError
from engine.index.protocol import Rows, Scope
from engine.taxonomy import NO_PATH, Path3, is_under
from index_builder.cache import as_keys
from index_builder.queries import Queries

Relevant = Literal["product", "category", "answer"]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The rows of a generation. `products`: the number of each row's product; `places`: each row's place in the order
    of product id, then image id, which is how ties end. Both int64 [rows].
    """

    generation: Generation
    products: Numbers
    places: Numbers
    number_of: dict[str, int]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.products)

    @property
    def categories(self) -> Numbers:
        """The number of each row's category among the manifest's, int64 [rows]."""
        slices = self.generation.manifest.categories
        return np.repeat(np.arange(len(slices)), [own.stop - own.start for own in slices]).astype(np.int64)


def open_shelf(generation: Generation) -> Shelf:
    """Read the ids of all rows."""
    count = generation.manifest.rows
    products, images = generation.ids(np.arange(count))
    number_of: dict[str, int] = {}
    numbers = np.array([number_of.setdefault(own, len(number_of)) for own in products], dtype=np.int64)
    places = np.empty(count, dtype=np.int64)
    places[sorted(range(count), key=lambda row: (products[row], images[row]))] = np.arange(count)
    return Shelf(generation, numbers, places, number_of)


@dataclass(frozen=True, slots=True)
class Truth:
    """The right answers of each query: rows whose label is one of `wanted[query]`, but for `left_out[query]`.

    labels: int64 [rows].
    """

    kind: Relevant
    labels: Numbers
    wanted: list[Numbers]
    left_out: list[Rows]
    totals: Numbers
    """How many right rows each query has, int64 [queries]; 0 = it cannot be answered."""
    strangers: Rows
    """The queries of which it is known that nothing in the index is right, int64: their product is not there."""

    def right(self, query: int, rows: Rows) -> npt.NDArray[np.bool_]:
        """Which of `rows` answer the query, bool [n]."""
        return np.isin(self.labels[rows], self.wanted[query])


def find_truth(shelf: Shelf, queries: Queries) -> Truth:
    """What is right for each query: its product, or if no query has a product id, its category and what is below.

    A query's own photo, if it is indexed (same image id or same bytes), is left out of its answers.
    Raises CatalogueError if the queries have neither products nor categories.
    """
    require_answers(queries.rows)
    left_out = own_rows(shelf, queries)
    kind: Relevant = "product" if any(row.product_id for row in queries.rows) else "category"
    if kind == "product":
        labels = shelf.products
        numbers = (shelf.number_of.get(row.product) for row in queries.rows)
        wanted = [_array([] if number is None else [number]) for number in numbers]
    else:
        labels = shelf.categories
        wanted = _wanted_categories(shelf, [row.category for row in queries.rows])
    counts = np.bincount(labels, minlength=1)
    left = [int(np.isin(labels[rows], own).sum()) for own, rows in zip(wanted, left_out, strict=True)]
    totals = _array([int(counts[own].sum()) for own in wanted]) - _array(left)
    return Truth(kind, labels, wanted, left_out, totals, _strangers(shelf, queries, left_out))


def given_truth(shelf: Shelf, queries: Queries, right: Mapping[str, Sequence[str]]) -> Truth:
    """What is right is known photo by photo: `right` has the image ids that answer each query id.

    One that is not indexed counts as not found; nothing is left out, not even a copy of the query's photo.
    Raises CatalogueError if there is nothing for any of the queries.
    """
    known = [set(right.get(row.image_id, ())) for row in queries.rows]
    if not any(known):
        raise CatalogueError("the truth has no answer to any of the queries; its first column holds their image ids")
    rows = [(shelf.generation.table.image(own) for own in answers) for answers in known]
    wanted = [_array([row for row in own if row is not None]) for own in rows]
    none = [_array([])] * len(known)
    totals = _array([len(answers) for answers in known])
    return Truth("answer", np.arange(shelf.rows), wanted, none, totals, strangers=_array([]))


def scope_without(scope: Scope, left_out: Rows) -> Scope:
    """The rows of `scope` but those left out, int64 [n] ascending."""
    ranges: list[tuple[int, int]] = []
    for start, stop in scope:
        inside = left_out[(left_out >= start) & (left_out < stop)]
        edges = [start - 1, *inside.tolist(), stop]
        ranges += [(a + 1, b) for a, b in pairwise(edges) if a + 1 < b]
    return tuple(ranges)


def own_rows(shelf: Shelf, queries: Queries) -> list[Rows]:
    """The indexed rows of each query that are its own photo: the same image id, or the same bytes."""
    table = shelf.generation.table
    keys = as_keys(table.digests())
    order = np.argsort(keys, kind="stable")
    ordered, asked = keys[order], as_keys(queries.digests)
    first, last = (np.searchsorted(ordered, asked, side=side) for side in ("left", "right"))
    result = []
    for query, row in enumerate(queries.rows):
        same = order[first[query] : last[query]].tolist()
        named = table.image(row.image_id)
        result.append(_array(sorted({*same, *([] if named is None else [named])})))
    return result


def _strangers(shelf: Shelf, queries: Queries, own: Sequence[Rows]) -> Rows:
    """The queries with a product id that the index does not have. `own`: the indexed rows of their own photos; one that
    is there under another product is no stranger, and of a photo without a product id nobody knows.
    """
    rows = enumerate(queries.rows)
    return _array([i for i, row in rows if row.product_id and row.product not in shelf.number_of and not len(own[i])])


def require_answers(rows: Sequence[Row]) -> None:
    """Raise CatalogueError if nothing says what is right for any of the queries."""
    if not any(row.product_id or row.category != NO_PATH for row in rows):
        raise CatalogueError(
            "the queries have neither product ids nor categories: no answer is known to be right; "
            "name the column that has them, such as --column product_id=sku"
        )


def _wanted_categories(shelf: Shelf, paths: Sequence[Path3]) -> list[Numbers]:
    slices = shelf.generation.manifest.categories
    known = {
        path: _array([] if path == NO_PATH else [i for i, own in enumerate(slices) if is_under(own.path, path)])
        for path in set(paths)
    }
    return [known[path] for path in paths]


def _array(values: Sequence[int]) -> Numbers:
    return np.array(values, dtype=np.int64)
