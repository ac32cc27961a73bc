"""A generation with changes is searched as one index: any sequence of changes, against the plain catalogue in NumPy."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current
from engine.changes.record import Change, StoredPhoto, StoredProduct
from engine.codes import Codes, Floats
from engine.index.brute import BruteIndex
from engine.index.protocol import Hits, Rows, Scope, everything
from engine.live.overlay import Overlay
from engine.live.view import View
from engine.ranking import rank
from engine.scope import name_of
from engine.taxonomy import NO_PATH, Path3, is_under

NEW = [f"N{number}" for number in range(4)]
CATEGORIES: list[Path3] = [("meta0", "level0", "leaf0"), ("New", "Thing", "New thing"), (None, None, None)]
POOL = np.random.default_rng(3).integers(0, 256, (9, 8), dtype=np.uint8)
"""Few different codes, so that ties are the rule."""


def inside(category: Path3, wanted: Path3) -> bool:
    return category == wanted if wanted == NO_PATH else is_under(category, wanted)


@dataclass(frozen=True)
class Photo:
    product: str
    image: str
    category: Path3
    code: bytes


@dataclass
class Logical:
    """The catalogue as a plain list."""

    photos: list[Photo]
    generation: Generation
    revision: int = 0

    @property
    def thresholds(self) -> Floats:
        return self.generation.thresholds

    @property
    def short_list(self) -> int:
        return self.generation.short_list

    def _index(self) -> BruteIndex:
        return BruteIndex(np.frombuffer(b"".join(own.code for own in self.photos), dtype=np.uint8).reshape(-1, 8))

    def nearest(self, code: Codes, count: int, scope: Scope) -> Hits:
        return self._index().nearest(code, count, scope)

    def within(self, code: Codes, radius: int, scope: Scope) -> Hits:
        return self._index().within(code, radius, scope)

    def codes(self, rows: Rows) -> Codes:
        return self._index().codes(rows)

    def ids(self, rows: Rows) -> tuple[list[str], list[str]]:
        return [self.photos[row].product for row in rows], [self.photos[row].image for row in rows]

    def inside(self, path: Path3) -> "Logical":
        return Logical([own for own in self.photos if inside(own.category, path)], self.generation)


def photos_of(generation: Generation) -> list[Photo]:
    """Every photo of a generation."""
    rows = np.arange(len(generation.table))
    codes = generation.codes(rows)
    return [
        Photo(own.product_id, own.image_id, generation.manifest.categories[own.category].path, codes[i].tobytes())
        for i, own in enumerate(generation.table.records(rows))
    ]


def answer(snapshot: View | Logical, embedding: Floats, need: int, scope: object) -> list[tuple[str, str, float, int]]:
    found = rank(snapshot, embedding, need, scope).found[:need]  # type: ignore[arg-type, misc]
    return [(own.product_id, own.image_id, own.similarity, own.distance) for own in found]


@dataclass
class Held:
    """A reader who began some time ago, and what the catalogue was then."""

    view: View
    logical: Logical


class Machine(RuleBasedStateMachine):
    generation: Generation

    def __init__(self) -> None:
        super().__init__()
        self.overlay = Overlay(self.generation)
        self.photos = photos_of(self.generation)
        self.products = {own.product for own in self.photos}
        self.revision = 0
        self.held: list[Held] = []
        self.serial = 0

    @rule(
        product=st.sampled_from(["P00", "P01", "P07", *NEW]),
        codes=st.lists(st.integers(0, len(POOL) - 1), max_size=3),
        category=st.sampled_from(CATEGORIES),
    )
    def put(self, product: str, codes: list[int], category: Path3) -> None:
        names = []
        for _ in codes:
            self.serial += 1
            names.append(f"{product}-{self.serial}")
        stored = StoredProduct(
            product_id=product,
            category=category,
            photos=tuple(StoredPhoto(image_id=name, sha256=f"{n:064x}") for name, n in zip(names, codes, strict=True)),
        )
        self._apply(product, stored)
        self.photos += [Photo(product, name, category, POOL[n].tobytes()) for name, n in zip(names, codes, strict=True)]

    @rule(product=st.sampled_from(["P00", "P02", "P07", "P11", *NEW]))
    def delete(self, product: str) -> None:
        self._apply(product, None)

    @rule()
    def hold(self) -> None:
        self.held = [*self.held[-2:], Held(View(self.overlay), Logical(list(self.photos), self.generation))]

    @rule(seed=st.integers(0, 999), need=st.integers(1, 30), filtered=st.sampled_from([None, *CATEGORIES]))
    def search(self, seed: int, need: int, filtered: Path3 | None) -> None:
        rng = np.random.default_rng(seed)
        embedding = self.generation.thresholds + rng.normal(size=64).astype(np.float32)
        for own in [*self.held, Held(View(self.overlay), Logical(self.photos, self.generation))]:
            logical, scope = own.logical, own.view.everything
            if filtered is not None:
                if not any(inside(slice_.path, filtered) for slice_ in own.view.categories):
                    continue
                logical, scope = logical.inside(filtered), own.view.scope([name_of(filtered)])
            expected = answer(logical, embedding, need, everything(len(logical.photos)))
            assert answer(own.view, embedding, need, scope) == expected

    @invariant()
    def the_numbers_are_right(self) -> None:
        view = View(self.overlay)
        assert (view.rows, view.products) == (len(self.photos), len(self.products))
        assert {name for name in ("P00", "P02", *NEW) if view.stored(name)} == self.products & {"P00", "P02", *NEW}
        for product in ("P00", "N0"):
            images = sorted(own.image_id for own in view.records(view.product(product)))
            assert images == sorted(own.image for own in self.photos if own.product == product)
        for own in self.photos[-3:]:
            row = view.image(own.image)
            assert row is not None
            assert view.records(np.array([row]))[0].product_id == own.product

    def _apply(self, product: str, stored: StoredProduct | None) -> None:
        self.revision += 1
        change = Change(revision=self.revision, at="", product_id=product, product=stored)
        self.overlay.apply(change, {f"{n:064x}": code for n, code in enumerate(POOL)})
        self.photos = [own for own in self.photos if own.product != product]
        self.products = self.products - {product} if stored is None else self.products | {product}


@pytest.fixture(scope="module")
def generation(tiny_bundle: Path) -> Generation:
    return open_generation(tiny_bundle / current(tiny_bundle))


@pytest.mark.parametrize("first", [1, 1024])
def test_any_sequence_of_changes_is_searched_as_the_plain_catalogue_is(
    generation: Generation, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.live.overlay._FIRST", first)
    monkeypatch.setattr("engine.live.view.FIRST", first)
    monkeypatch.setattr("engine.live.view.FEW", first)

    class Bound(Machine):
        pass

    Bound.generation = generation
    run_state_machine_as_test(Bound, settings=settings(max_examples=40, stateful_step_count=25, deadline=None))
