"""The ranked list of photos that each kind of search gives a query. The products' list is its first occurrences.

Equal to what `engine.ranking` answers, but for whole lists: ids are compared by number, a list is one sort.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from engine.codes import Codes, Floats, binarise, direction, similarity
from engine.index.protocol import Distances, Hits, Rows, Scope, everything, size
from engine.ranking import EDGE_CAP, short_list
from index_builder.shelf import Numbers, Shelf, scope_without
from index_builder.vectors import Vectors, take

PRODUCTS = 10
"""The longest product list that a metric looks at from its start."""
QUERY_BLOCK = 256
ROW_BLOCK = 65_536
"""Scores in memory: QUERY_BLOCK × ROW_BLOCK × 4 bytes = 64 MB."""
ROUNDING = 1e-5
"""More than float32 sums in another order can differ by."""


def hamming_lists(
    shelf: Shelf, embeddings: Floats, depth: int, left_out: Sequence[Rows]
) -> Iterator[tuple[Rows, Rows]]:
    """For each query the rows by distance, and the rows as answers order them (short list, rescored): at least `depth`
    rows with PRODUCTS products each, if there are so many. Ties by product id, then image id.

    embeddings: float32 [n, bits].
    """
    snapshot = shelf.generation
    for embedding, out in zip(embeddings, left_out, strict=True):
        code = binarise(embedding, snapshot.thresholds)
        hits = _deep_list(shelf, code, depth, scope_without(everything(shelf.rows), out))
        near = np.lexsort((shelf.places[hits.rows], hits.distances))
        hits = Hits(hits.rows[near], hits.distances[near])
        similarities = similarity(direction(embedding, snapshot.thresholds), snapshot.codes(hits.rows))
        stage = _stages(hits.distances, snapshot.short_list)
        order = np.lexsort((shelf.places[hits.rows], hits.distances, -similarities, stage))
        yield hits.rows, hits.rows[order]


def float_lists(
    shelf: Shelf,
    queries: Floats,
    stored: Sequence[Vectors],
    centre: Floats | None,
    depth: int,
    left_out: Sequence[Rows],
) -> Iterator[Rows]:
    """For each query the first `depth` rows by cosine, exact; ties by product id, then image id.

    queries: float32 [n, width]; stored: float16 [rows, width] in parts, mapped; centre: float32 [width] is taken from
    both. Memory is bounded by the blocks, not by queries × rows.
    """
    for start in range(0, len(queries), QUERY_BLOCK):
        block = _unit(queries[start : start + QUERY_BLOCK], centre)
        best = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)) for _ in block]
        for first, values in _row_blocks(stored):
            scores = block @ _unit(values, centre).T
            for query, own in enumerate(scores):
                own[_inside(left_out[start + query], first, len(own))] = -np.inf
                best[query] = _better(*best[query], first, own, depth)
        for query, (rows, _) in zip(block, best, strict=True):
            # BLAS gives equal rows sums that differ in the last bit, by their place in the block; einsum does not
            cosine = np.einsum("nd,d->n", _unit(take(stored, rows, queries.shape[1]), centre), query)
            yield rows[np.lexsort((shelf.places[rows], -cosine))][:depth]


def first_of_each(products: Numbers) -> Rows:
    """The positions of a list's first photo of each product, in the list's order."""
    return np.sort(np.unique(products, return_index=True)[1])


def _deep_list(shelf: Shelf, code: Codes, depth: int, scope: Scope) -> Hits:
    """A doubling of the short list that is long enough."""
    count = shelf.generation.short_list
    while count < depth:
        count *= 2
    while True:
        hits = short_list(shelf.generation, code, count, scope)
        if len(hits) >= size(scope) or len(np.unique(shelf.products[hits.rows])) >= PRODUCTS:
            return hits
        count *= 2


def _stages(distances: Distances, count: int) -> Numbers:
    """Which doubling of the short list each row comes in with; distances ascending, ties by id."""
    stage = np.zeros(len(distances), dtype=np.int64)
    while count < len(distances):
        end = int(np.searchsorted(distances, distances[count - 1], side="right"))
        stage[min(end, count + EDGE_CAP) :] += 1
        count *= 2
    return stage


def _row_blocks(stored: Sequence[Vectors]) -> Iterator[tuple[int, Vectors]]:
    start = 0
    for part in stored:
        for first in range(0, len(part), ROW_BLOCK):
            yield start + first, part[first : first + ROW_BLOCK]
        start += len(part)


def _unit(values: npt.NDArray[np.floating], centre: Floats | None) -> Floats:
    wide = values.astype(np.float32)
    if centre is not None:
        wide -= centre
    wide /= np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)
    return wide


def _inside(rows: Rows, first: int, count: int) -> Rows:
    return rows[(rows >= first) & (rows < first + count)] - first


def _better(rows: Rows, scores: Floats, first: int, new: Floats, depth: int) -> tuple[Rows, Floats]:
    """The best `depth` of the rows so far and a block of new ones, more where several tie for the last place."""
    floor = scores.min() - ROUNDING if len(scores) >= depth else -np.inf
    keep = np.flatnonzero((new >= floor) & (new > -np.inf))
    rows, scores = np.concatenate([rows, keep + first]), np.concatenate([scores, new[keep]])
    if len(scores) > depth:
        last = np.partition(scores, len(scores) - depth)[len(scores) - depth]
        inside = scores >= last - ROUNDING
        rows, scores = rows[inside], scores[inside]
    return rows, scores
