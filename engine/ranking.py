"""From a query's embedding to the ranked list of products: short list, rescoring, order, grouping.

The order is the contract of every answer: rescored similarity descending, then Hamming distance, product id, image id;
the first photo of a product stands for it.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from engine.codes import Codes, Floats, binarise, direction, similarity
from engine.index.protocol import Distances, Hits, Rows

EDGE_CAP = 1000
"""How many rows a short list may have beyond S because they tie with the S-th nearest."""
CHUNK = 100
"""Photos whose ids are read at once: more than most answers need."""


S = TypeVar("S")
S_contra = TypeVar("S_contra", contravariant=True)


class Snapshot(Protocol[S_contra]):
    """One state of the catalogue, as a query sees it from its beginning to its end.

    What says which part of it is searched is the snapshot's own affair.
    """

    @property
    def thresholds(self) -> Floats:
        """float32 [bits]."""
        ...

    @property
    def short_list(self) -> int:
        """S, the size of the first short list."""
        ...

    def nearest(self, code: Codes, count: int, scope: S_contra) -> Hits:
        """See engine.index.protocol.HammingIndex."""
        ...

    def within(self, code: Codes, radius: int, scope: S_contra) -> Hits:
        """See engine.index.protocol.HammingIndex."""
        ...

    def codes(self, rows: Rows) -> Codes:
        """See engine.index.protocol.HammingIndex."""
        ...

    def ids(self, rows: Rows) -> tuple[list[str], list[str]]:
        """The product ids and the image ids of `rows`."""
        ...


class Found(NamedTuple):
    """One product of an answer, by its best photo. A tuple: dozens are made for each answer."""

    product_id: str
    image_id: str
    row: int
    similarity: float
    distance: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """The ranked list, as long as it was needed; `complete` says that the scope holds no further product."""

    found: tuple[Found, ...]
    complete: bool


def rank(
    snapshot: Snapshot[S], embedding: Floats, need: int, scope: S, exclude: Collection[str] = frozenset()
) -> Ranked:
    """The first `need` products for `embedding`, float32 [bits], and one more if there is one.

    While the short list gives fewer than `need`, S doubles and what is new follows after what stands: a longer
    list always begins with the shorter one, so pages of any size are slices of one list.
    """
    code = binarise(embedding, snapshot.thresholds)
    query = direction(embedding, snapshot.thresholds)
    count = snapshot.short_list
    found: list[Found] = []
    seen = set(exclude)
    while True:
        hits = short_list(snapshot, code, count, scope)
        for candidate in _in_order(snapshot, query, hits, CHUNK):
            if candidate.product_id not in seen:
                seen.add(candidate.product_id)
                found.append(candidate)
                if len(found) > need:  # one more: so that it is known whether there is one
                    return Ranked(tuple(found), False)
        complete = len(hits) < count
        if complete or len(found) >= need:
            return Ranked(tuple(found), complete)
        count *= 2


def scanned_for(count: int) -> int:
    """Rows that the scan for a short list of `count` asks for: most often its edge's ties end among the few more."""
    return count + count // 4 + 16


def short_list(snapshot: Snapshot[S], code: Codes, count: int, scope: S) -> Hits:
    """All rows of `scope` at most as far as the `count`-th nearest, by distance, then row; all there are if fewer.

    Of the rows that tie with it, at most EDGE_CAP go beyond `count`: those of the lowest product id, then image id.
    """
    asked = scanned_for(count)
    hits = snapshot.nearest(code, asked, scope)
    if len(hits) <= count:
        return hits
    edge = int(hits.distances[count - 1])
    if hits.distances[-1] == edge and len(hits) == asked:
        hits = snapshot.within(code, edge, scope)
    hits = _first(hits, int(np.searchsorted(hits.distances, edge, side="right")))
    if len(hits) <= count + EDGE_CAP:
        return hits
    inside = int(np.searchsorted(hits.distances, edge, side="left"))
    tied = hits.rows[inside:]
    keep = _by_ids(*snapshot.ids(tied))[: count + EDGE_CAP - inside]
    rows = np.concatenate([hits.rows[:inside], np.sort(tied[keep])])
    return Hits(rows, hits.distances[: len(rows)])


def order(snapshot: Snapshot[S], query: Floats, hits: Hits) -> list[Found]:
    """Every photo of a short list in the order of answers. query: float32 [bits] from `engine.codes.direction`."""
    return list(_in_order(snapshot, query, hits, max(len(hits), 1)))


def _in_order(snapshot: Snapshot[S], query: Floats, hits: Hits, chunk: int) -> Iterator[Found]:
    """The photos of a short list one by one, in the order of answers.

    Ids are read for `chunk` photos at a time: a page wants the first few, and reading all costs more than the rest.
    """
    similarities = similarity(query, snapshot.codes(hits.rows))
    places = np.lexsort((hits.distances, -similarities))
    # a chunk ends where the numbers change, since among equal ones the ids decide
    changes = np.diff(similarities[places]).astype(bool) | np.diff(hits.distances[places]).astype(bool)
    ends = [*(np.flatnonzero(changes) + 1).tolist(), len(places)]
    start = 0
    while start < len(places):
        stop = ends[min(bisect_left(ends, start + chunk), len(ends) - 1)]
        part = places[start:stop]
        rows, alike, far = hits.rows[part], similarities[part], hits.distances[part]
        products, images = snapshot.ids(rows)
        for i in answer_order(alike, far, products, images):
            yield Found(products[i], images[i], int(rows[i]), float(alike[i]), int(far[i]))
        start = stop


def answer_order(
    similarities: Floats, distances: Distances, products: Sequence[str], images: Sequence[str]
) -> list[int]:
    """The positions of candidates in the order of answers."""
    keys = zip((-similarities).tolist(), distances.tolist(), products, images, range(len(products)), strict=True)
    return [key[-1] for key in sorted(keys)]


def _by_ids(products: Sequence[str], images: Sequence[str]) -> list[int]:
    return [key[-1] for key in sorted(zip(products, images, range(len(products)), strict=True))]


def _first(hits: Hits, count: int) -> Hits:
    return Hits(hits.rows[:count], hits.distances[:count])
