"""The list of products, page by page: any sequence of changes, against the plain catalogue as a dictionary."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current
from engine.changes.record import Change, StoredPhoto, StoredProduct
from engine.live.listing import listed
from engine.live.overlay import Overlay
from engine.live.view import View
from engine.taxonomy import NO_PATH, Path3, is_under
from index_builder.indexing import Order, index
from index_builder.plan import Wishes
from index_builder.progress import Progress
from tests.tiny_catalogue import write_catalogue

IDS = ["A", "P00", "P01", "P010", "P05", "P11", "P19", "Z", "é"]
CATEGORIES: list[Path3] = [("meta0", "level0", "leaf0"), ("New", "Thing", "New thing"), (None, None, None)]
FILTERS = ["meta:meta0", "path:meta1/level1", "leaf:leaf5", "path:New", "path:"]
ALONE = {"path:New": "New", "path:": None}
"""Filters that are refused until a change brings what they name, and the first level of that."""
CODE = np.zeros(8, dtype=np.uint8)


@dataclass(frozen=True)
class Known:
    """A product as the plain catalogue has it; its categories are those of its photos, else its own."""

    category: Path3
    categories: frozenset[Path3]
    title: str | None
    images: tuple[str, ...]


Plain = dict[str, Known]


def plain_of(generation: Generation) -> Plain:
    plain: Plain = {}
    for own in sorted(
        generation.table.records(np.arange(len(generation.table))), key=lambda own: (own.product_id, own.image_id)
    ):
        path = generation.manifest.categories[own.category].path
        old = plain.get(own.product_id, Known(path, frozenset(), own.title, ()))
        plain[own.product_id] = Known(old.category, old.categories | {path}, old.title, (*old.images, own.image_id))
    return plain


def expected(plain: Plain, after: str, count: int, filters: list[Path3]) -> list[tuple[str, Known]]:
    def wanted(own: Known) -> bool:
        return not filters or any(
            path == parent if parent == NO_PATH else is_under(path, parent)
            for path in own.categories
            for parent in filters
        )

    return [(name, plain[name]) for name in sorted(plain) if name > after and wanted(plain[name])][:count]


def found(
    view: View, after: str, count: int, filters: list[str]
) -> list[tuple[str, Path3, str | None, tuple[str, ...]]]:
    page = listed(view, after, count, view.scope(filters))
    return [(own.product.product_id, own.product.category, own.product.title, own.images) for own in page]


def path_of(text: str) -> Path3:
    kind, _, name = text.partition(":")
    if kind == "leaf":
        return None, None, name
    meta, _, level2 = name.partition("/")
    return meta or None, level2 or None, None


class Machine(RuleBasedStateMachine):
    generation: Generation

    def __init__(self) -> None:
        super().__init__()
        self.overlay = Overlay(self.generation)
        self.plain = plain_of(self.generation)
        self.held: list[tuple[View, Plain]] = []
        self.revision = 0

    @rule(
        product=st.sampled_from(IDS), photos=st.integers(0, 2), lost=st.booleans(), category=st.sampled_from(CATEGORIES)
    )
    def put(self, product: str, photos: int, lost: bool, category: Path3) -> None:
        images = tuple(f"{product}-{self.revision}-{own}" for own in range(photos))
        kept = [StoredPhoto(image_id=own, sha256="a" * 64) for own in images]
        # a photo whose file is gone has no code: it is not found, so it is not listed
        kept += [StoredPhoto(image_id=f"{product}-{self.revision}-lost", sha256="b" * 64)] * lost
        title = f"Title {self.revision}"
        self._apply(product, StoredProduct(product_id=product, title=title, category=category, photos=tuple(kept)))
        self.plain[product] = Known(category, frozenset({category}), title, images)

    @rule(product=st.sampled_from(IDS))
    def delete(self, product: str) -> None:
        self._apply(product, None)

    @rule()
    def hold(self) -> None:
        self.held = [*self.held[-2:], (View(self.overlay), dict(self.plain))]

    @rule(
        after=st.sampled_from(["", *IDS, "P1", "P10"]),
        count=st.integers(1, 25),
        filters=st.lists(st.sampled_from(FILTERS), max_size=2, unique=True),
    )
    def ask(self, after: str, count: int, filters: list[str]) -> None:
        for view, plain in [*self.held, (View(self.overlay), self.plain)]:
            tops = {own.path[0] for own in view.categories}
            known = [own for own in filters if own not in ALONE or ALONE[own] in tops]
            if filters and not known:
                continue
            wanted = expected(plain, after, count, [path_of(own) for own in known])
            assert found(view, after, count, known) == [
                (name, own.category, own.title, own.images) for name, own in wanted
            ]

    @rule(count=st.integers(1, 7))
    def read_all_pages(self, count: int) -> None:
        view, after, names = View(self.overlay), "", []
        while page := found(view, after, count, []):
            names += [own[0] for own in page]
            after = names[-1]
        assert names == sorted(self.plain)

    def _apply(self, product: str, stored: StoredProduct | None) -> None:
        self.revision += 1
        change = Change(revision=self.revision, at="", product_id=product, product=stored)
        self.overlay.apply(change, {"a" * 64: CODE})
        self.plain = {name: own for name, own in self.plain.items() if name != product}


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Generation:
    """Of P05 one photo lies in the category above that of the others."""
    folder = tmp_path_factory.mktemp("listing")
    catalogue = write_catalogue(folder / "catalogue")
    rows = catalogue.read_text(encoding="utf-8").splitlines()
    moved = [row.replace("meta1,level1,leaf2", "meta1,level1,") if "P05-1," in row else row for row in rows]
    assert moved != rows
    catalogue.write_text("\n".join(moved), encoding="utf-8")
    index(
        Order(catalogue=catalogue, model=tiny_model, out=folder / "bundles", wishes=Wishes(shard_rows=25)), Progress()
    )
    return open_generation(folder / "bundles" / current(folder / "bundles"))


@pytest.mark.parametrize("block", [(1, 2), (16, 1024)])
def test_any_sequence_of_changes_is_listed_as_the_plain_catalogue_is(
    generation: Generation, block: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.bundle.rows._FIRST_BLOCK", block[0])
    monkeypatch.setattr("engine.bundle.rows._LAST_BLOCK", block[1])

    class Bound(Machine):
        pass

    Bound.generation = generation
    run_state_machine_as_test(Bound, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))


def test_a_product_whose_photos_lie_in_two_categories_is_listed_once(generation: Generation) -> None:
    assert len({own.category for own in generation.table.records(generation.table.product("P05"))}) == 2
    view = View(Overlay(generation))
    page = found(view, "P04", 2, ["path:meta1/level1"])
    assert [(own[0], own[3]) for own in page] == [
        ("P05", ("P05-0", "P05-1", "P05-2")),
        ("P06", ("P06-0", "P06-1", "P06-2")),
    ]


def test_a_page_reads_no_more_ids_than_it_needs(generation: Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    columns = generation.table.columns
    monkeypatch.setattr(
        generation.table, "columns", lambda rows, *names: (read.append(len(rows)), columns(rows, *names))[1]
    )
    monkeypatch.setattr("engine.bundle.rows._FIRST_BLOCK", 4)
    assert [own[0] for own in found(View(Overlay(generation)), "P08", 1, [])] == ["P09"]
    assert sum(read) == 4 + 3  # the first ids behind P08; the photos of P09
