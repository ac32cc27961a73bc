"""Ranking against the plain loop over all rows, with either index behind it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine.ranking
from engine.codes import Codes, Floats, binarise, direction, hamming, similarity
from engine.index.brute import BruteIndex
from engine.index.flat import FlatIndex, write_shard
from engine.index.protocol import HammingIndex, Hits, Rows, Scope
from engine.ranking import Found, rank

BITS = 16


@dataclass(frozen=True)
class Shelf:
    """A snapshot over a few codes."""

    index: HammingIndex
    products: list[str]
    images: list[str]
    thresholds: Floats
    short_list: int

    def nearest(self, code: Codes, count: int, scope: Scope) -> Hits:
        return self.index.nearest(code, count, scope)

    def within(self, code: Codes, radius: int, scope: Scope) -> Hits:
        return self.index.within(code, radius, scope)

    def codes(self, rows: Rows) -> Codes:
        return self.index.codes(rows)

    def ids(self, rows: Rows) -> tuple[list[str], list[str]]:
        return [self.products[row] for row in rows], [self.images[row] for row in rows]


def plain(
    shelf: Shelf, codes: Codes, embedding: Floats, need: int, scope: Scope, exclude: set[str], cap: int
) -> list[Found]:
    """The definition, word by word, one row at a time."""
    code = binarise(embedding, shelf.thresholds)
    query = direction(embedding, shelf.thresholds)
    every = []
    for start, stop in scope:
        for row in range(start, stop):
            distance = int(hamming(code, codes[row : row + 1])[0])
            likeness = float(similarity(query, codes[row : row + 1])[0])
            every.append(Found(shelf.products[row], shelf.images[row], row, likeness, distance))
    found: list[Found] = []
    size = shelf.short_list
    while True:
        near = sorted(every, key=lambda f: f.distance)
        edge = near[size - 1].distance if len(near) >= size else BITS
        inside = [f for f in every if f.distance < edge]
        tied = sorted((f for f in every if f.distance == edge), key=lambda f: (f.product_id, f.image_id))
        short = (inside + tied)[: size + cap] if len(near) > size else every
        for f in sorted(short, key=lambda f: (-f.similarity, f.distance, f.product_id, f.image_id)):
            if f.product_id not in exclude and f.product_id not in {g.product_id for g in found}:
                found.append(f)
        if len(found) >= need or len(short) >= len(every):
            return found
        size *= 2


@st.composite
def cases(draw: st.DrawFn) -> tuple[Codes, list[str], Floats, int, int, Scope, set[str], int]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = draw(st.integers(1, 60))
    # few different codes, so that ties at every edge are the rule
    pool = rng.integers(0, 256, (draw(st.integers(1, 12)), BITS // 8), dtype=np.uint8)
    codes = pool[rng.integers(0, len(pool), rows)]
    products = [f"P{n}" for n in rng.integers(0, draw(st.integers(1, 30)), rows)]
    embedding = rng.normal(size=BITS).astype(np.float32)
    cuts = sorted(draw(st.lists(st.integers(0, rows), min_size=0, max_size=4)))
    scope = tuple((a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if a < b) or ((0, rows),)
    exclude = set(draw(st.lists(st.sampled_from(products), max_size=3)))
    return (
        codes,
        products,
        embedding,
        draw(st.integers(1, 12)),
        draw(st.integers(1, 25)),
        scope,
        exclude,
        draw(st.integers(0, 10)),
    )


@pytest.mark.parametrize("kind", ["brute", "flat"])
@settings(max_examples=150, deadline=None)
@given(case=cases(), shard=st.integers(1, 40), chunk=st.integers(1, 40))
def test_the_answer_is_the_plain_loop_s(
    kind: str, case: tuple[Codes, list[str], Floats, int, int, Scope, set[str], int], shard: int,
    chunk: int, tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    codes, products, embedding, size, need, scope, exclude, cap = case
    images = [f"{product}-{row % 7}-{row}" for row, product in enumerate(products)]
    index: HammingIndex = (
        BruteIndex(codes) if kind == "brute" else flat(codes, shard, tmp_path_factory.mktemp("shards"))
    )
    shelf = Shelf(index, products, images, np.zeros(BITS, dtype=np.float32), size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.ranking, "EDGE_CAP", cap)
        patch.setattr(engine.ranking, "CHUNK", chunk)
        got = rank(shelf, embedding, need, scope, exclude)
    assert list(got.found) == plain(shelf, codes, embedding, need, scope, exclude, cap)[: need + 1]
    assert len(got.found) >= need or got.complete


@settings(max_examples=60, deadline=None)
@given(case=cases())
def test_a_longer_list_begins_with_the_shorter_one(
    case: tuple[Codes, list[str], Floats, int, int, Scope, set[str], int],
) -> None:
    codes, products, embedding, size, need, scope, exclude, _ = case
    images = [str(row) for row in range(len(products))]
    shelf = Shelf(BruteIndex(codes), products, images, np.zeros(BITS, dtype=np.float32), size)
    short = rank(shelf, embedding, 1, scope, exclude).found
    assert rank(shelf, embedding, need, scope, exclude).found[: len(short)] == short


def flat(codes: Codes, shard_rows: int, folder: Path) -> FlatIndex:
    paths = []
    for start in range(0, len(codes), shard_rows):
        paths.append(folder / f"{start:05}.faiss")
        write_shard(paths[-1], codes[start : start + shard_rows])
    return FlatIndex(paths, codes.shape[1] * 8)


def test_an_empty_scope_gives_an_empty_complete_list() -> None:
    codes = np.zeros((3, 2), dtype=np.uint8)
    shelf = Shelf(BruteIndex(codes), ["a"] * 3, ["1", "2", "3"], np.zeros(BITS, dtype=np.float32), 5)
    got = rank(shelf, np.ones(BITS, dtype=np.float32), 10, ())
    assert got.found == ()
    assert got.complete
