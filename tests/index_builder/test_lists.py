"""Ranked lists for evaluation, against engine.ranking and against the plain loop."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bundle.generation import open_generation
from engine.bundle.store import current
from engine.codes import binarise, hamming
from engine.index.brute import BruteIndex
from engine.index.protocol import Hits, Rows, Scope, everything
from engine.ranking import rank
from index_builder import lists
from index_builder.lists import first_of_each, float_lists, hamming_lists
from index_builder.shelf import Shelf, open_shelf, scope_without


class Catalogue:
    """Random rows behind the same face as a generation."""

    def __init__(self, codes: np.ndarray, products: list[str], images: list[str], short_list: int) -> None:
        self.thresholds = np.zeros(codes.shape[1] * 8, dtype=np.float32)
        self.short_list = short_list
        self._index, self._products, self._images = BruteIndex(codes), products, images

    def nearest(self, code: np.ndarray, count: int, scope: Scope) -> Hits:
        return self._index.nearest(code, count, scope)

    def within(self, code: np.ndarray, radius: int, scope: Scope) -> Hits:
        return self._index.within(code, radius, scope)

    def codes(self, rows: Rows) -> np.ndarray:
        return self._index.codes(rows)

    def ids(self, rows: Rows) -> tuple[list[str], list[str]]:
        return [self._products[row] for row in rows], [self._images[row] for row in rows]


def shelf_of(catalogue: Catalogue, products: list[str], images: list[str]) -> Shelf:
    numbers = {own: i for i, own in enumerate(dict.fromkeys(products))}
    order = sorted(range(len(products)), key=lambda row: (products[row], images[row]))
    places = np.empty(len(products), dtype=np.int64)
    places[order] = np.arange(len(products))
    return Shelf(catalogue, np.array([numbers[own] for own in products]), places, numbers)  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 90),
    products=st.integers(1, 30),
    short_list=st.integers(1, 20),
    cap=st.integers(1, 12),
    depth=st.integers(1, 60),
)
def test_lists_equal_what_search_answers(
    seed: int, rows: int, products: int, short_list: int, cap: int, depth: int
) -> None:
    random = np.random.default_rng(seed)
    codes = random.integers(0, 4, (rows, 2), dtype=np.uint8)  # few different codes, so that nearly all tie
    owners = [f"p{random.integers(products)}" for _ in range(rows)]
    images = [f"i{i}" for i in random.permutation(rows)]
    catalogue = Catalogue(codes, owners, images, short_list)
    shelf = shelf_of(catalogue, owners, images)
    query = np.round(random.standard_normal(16)).astype(np.float32)
    left_out = np.flatnonzero(random.random(rows) < 0.1)
    with pytest.MonkeyPatch.context() as patch:
        for module in ("engine.ranking", "index_builder.lists"):
            patch.setattr(f"{module}.EDGE_CAP", cap)
        by_distance, by_answer = next(hamming_lists(shelf, query[None], depth, [left_out]))
        found = rank(catalogue, query, len(owners), scope_without(everything(rows), left_out)).found
    stayed = np.setdiff1d(np.arange(rows), left_out)
    distances = hamming(binarise(query, catalogue.thresholds), codes)
    assert len(by_answer) >= min(depth, len(stayed))
    plain = sorted(stayed, key=lambda row: (distances[row], owners[row], images[row]))
    assert by_distance.tolist() == plain[: len(by_distance)]
    assert sorted(by_answer) == sorted(by_distance)
    first = by_answer[first_of_each(shelf.products[by_answer])]
    assert [own.row for own in found][: len(first)] == first.tolist()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 60), depth=st.integers(1, 30), centred=st.booleans())
def test_float_lists_equal_the_plain_loop(seed: int, rows: int, depth: int, centred: bool) -> None:
    random = np.random.default_rng(seed)
    stored = random.integers(-2, 3, (rows, 4)).astype(np.float16)
    queries = random.integers(-2, 3, (5, 4)).astype(np.float32)
    centre = np.array([0.5, 0, -0.25, 0.125], dtype=np.float32) if centred else None
    owners = [f"p{random.integers(9)}" for _ in range(rows)]
    images = [f"i{i}" for i in random.permutation(rows)]
    shelf = shelf_of(Catalogue(np.zeros((rows, 1), np.uint8), owners, images, 1), owners, images)
    left_out = [np.flatnonzero(random.random(rows) < 0.2) for _ in queries]
    cut = rows // 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "ROW_BLOCK", 7)
        patch.setattr(lists, "QUERY_BLOCK", 2)
        found = list(float_lists(shelf, queries, [stored[:cut], stored[cut:]], centre, depth, left_out))
    for query, own, out in zip(queries, found, left_out, strict=True):
        scores = cosines(query, stored, centre)
        stayed = np.setdiff1d(np.arange(rows), out)
        assert len(own) == min(depth, len(stayed))
        assert len(set(own.tolist())) == len(own)
        best = np.sort(scores[stayed])[::-1][: len(own)]
        np.testing.assert_allclose(scores[own], best, atol=1e-6)
        for a, b in pairwise(own):
            if scores[a] == scores[b] and (stored[a] == stored[b]).all():
                assert (owners[a], images[a]) < (owners[b], images[b])


def cosines(query: np.ndarray, stored: np.ndarray, centre: np.ndarray | None) -> np.ndarray:
    shift = np.zeros(4, dtype=np.float32) if centre is None else centre
    q, s = query - shift, stored.astype(np.float32) - shift
    return (s @ q) / np.maximum(np.linalg.norm(s, axis=1), 1e-12) / max(float(np.linalg.norm(q)), 1e-12)


def test_the_products_of_a_list_are_its_first_photos_of_each() -> None:
    assert first_of_each(np.array([7, 3, 7, 3, 5, 7])).tolist() == [0, 1, 4]


def test_rows_left_out_make_holes_in_the_scope() -> None:
    assert scope_without(everything(5), np.array([], dtype=np.int64)) == everything(5)
    assert scope_without(everything(5), np.array([0, 2, 4])) == ((1, 2), (3, 4))
    assert scope_without(everything(2), np.array([0, 1])) == ()
    assert scope_without(((2, 5), (7, 9)), np.array([1, 3, 5, 7])) == ((2, 3), (4, 5), (8, 9))


def test_lists_of_a_real_generation_equal_its_answers(tiny_bundle: Path) -> None:
    generation = open_generation(tiny_bundle / current(tiny_bundle))
    shelf = open_shelf(generation)
    random = np.random.default_rng(3)
    queries = random.standard_normal((20, generation.card.bits)).astype(np.float32)
    nothing = [np.empty(0, dtype=np.int64)] * len(queries)
    for query, (_, rows) in zip(queries, hamming_lists(shelf, queries, 60, nothing), strict=True):
        found = rank(generation, query, 20, everything(60)).found
        assert rows[first_of_each(shelf.products[rows])].tolist() == [own.row for own in found]
