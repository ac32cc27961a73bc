"""A compacted generation answers as the one that it was made from does with the changes over it, whatever they were."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bundle.generation import open_generation
from engine.bundle.store import current
from engine.changes.state import State, open_state
from engine.codes import Floats
from engine.encoder import Encoder
from engine.live.catch_up import catch_up
from engine.live.overlay import Overlay
from engine.live.photo_codes import model_key
from engine.live.view import View
from engine.ranking import rank
from engine.scope import name_of
from engine.taxonomy import NO_PATH, Path3
from index_builder.compaction.compact import compact
from index_builder.indexing import Order, index
from index_builder.plan import Wishes
from index_builder.progress import Progress
from tests.changed import delete, put

OLD = ["P00", "P01", "P02", "P07", "P19"]
NEW = ["A", "N1", "P065", "Z"]
"""Before, between and behind the products of the generation."""
CATEGORIES: list[Path3] = [
    NO_PATH,
    ("meta0", "level0", "leaf0"),
    ("meta0", "level0", "leaf00"),
    ("meta1", "level3", None),
    ("zz", "New", "Thing"),
]
POOL = 9
"""Few different photos, so that ties are the rule; one more has no thumbnail, embedding or file anywhere."""


@dataclass(frozen=True)
class Step:
    """A change of a product: its photos by their numbers in the pool, or None to delete it."""

    product: str
    photos: tuple[int, ...] | None
    keeps: bool
    """Whether it keeps the photos that the generation brought along."""
    category: Path3
    title: str | None


steps = st.builds(
    Step,
    product=st.sampled_from([*OLD, *NEW]),
    photos=st.one_of(st.none(), st.lists(st.integers(0, POOL), max_size=3).map(tuple)),
    keeps=st.booleans(),
    category=st.sampled_from(CATEGORIES),
    title=st.sampled_from([None, "A title", "Ein Titel"]),
)
sequences = st.lists(steps, max_size=8)


@dataclass
class Shop:
    """A bundle folder and a state, with what one can ask of it."""

    bundles: Path
    state: State
    serial: int = 0

    def make(self, changes: list[Step]) -> None:
        base = open_generation(self.bundles / current(self.bundles)).table
        for own in changes:
            if own.photos is None:
                delete(self.state, own.product)
                continue
            photos = {}
            if own.keeps:
                photos |= {one.image_id: one.sha256.hex() for one in base.records(base.product(own.product))}
            for number in own.photos:
                self.serial += 1
                photos[f"{own.product}-{self.serial % 7}-{self.serial}"] = f"{number:064x}"
            put(self.state, own.product, photos, category=own.category, title=own.title)

    def view(self, generation: str) -> View:
        overlay = Overlay(open_generation(self.bundles / generation))
        catch_up(overlay, self.state, Encoder(overlay.generation.folder, verify=False))
        return View(overlay)

    def compact(self) -> str:
        compact(self.bundles, self.state.folder, 3, 1, Progress())
        return current(self.bundles)


@contextmanager
def shop_of(bundle: Path, folder: Path) -> Iterator[Shop]:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        bundles = shutil.copytree(bundle, Path(own) / "bundles")
        (Path(own) / "state").mkdir()
        state = open_state(Path(own) / "state")
        generation = open_generation(bundles / current(bundles))
        rng = np.random.default_rng(3)
        with state.log.writing() as writing:
            for number in range(POOL):
                values = generation.thresholds + rng.normal(size=64).astype(np.float32)
                writing.keep_embedding(model_key(generation.card), f"{number:064x}", values)
                state.thumbs.keep(f"{number:064x}", f"thumb {number}".encode())
        yield Shop(bundles, state)
        state.close()


def embeddings(view: View) -> list[Floats]:
    rng = np.random.default_rng(7)
    return [view.thresholds + rng.normal(size=64).astype(np.float32) for _ in range(4)]


def answers(view: View, path: Path3 | None, need: int) -> list[list[tuple[Any, ...]]]:
    scope = view.everything if path is None else view.scope([name_of(path)])
    lists = []
    for embedding in embeddings(view):
        found = rank(view, embedding, need, scope).found[:need]
        lists.append([(own.product_id, own.image_id, own.similarity, own.distance) for own in found])
    return lists


def rows_of_categories(view: View) -> dict[Path3, int]:
    return {own.path: rows for own, rows in zip(view.categories, view.category_rows(), strict=True) if rows}


def require_same(one: View, other: View) -> None:
    """Everything that can be asked, of both."""
    assert (one.rows, one.products, one.revision) == (other.rows, other.products, other.revision)
    there = rows_of_categories(one)
    assert there == rows_of_categories(other)
    scopes: set[Path3 | None] = {None, *(path for path in there if path != NO_PATH)}
    scopes |= {(path[0], None, None) for path in there if path[0]}
    for scope in scopes:
        for need in (3, 40):
            assert answers(one, scope, need) == answers(other, scope, need)
    for product in [*OLD, *NEW, "P03"]:
        assert one.stored(product) == other.stored(product)
        mine, its = (own.records(own.product(product)) for own in (one, other))
        assert [(own.image_id, own.title, own.url, own.sha256) for own in mine] == [
            (own.image_id, own.title, own.url, own.sha256) for own in its
        ]
        np.testing.assert_array_equal(one.codes(one.product(product)), other.codes(other.product(product)))
        for own in mine:
            found = [shown(view, own.image_id) for view in (one, other)]
            assert found[0] == found[1]
            assert found[0][0] == product


def shown(view: View, image_id: str) -> tuple[str, Path3]:
    """The product and the category of a photo that is looked up by its id."""
    row = view.image(image_id)
    assert row is not None
    (record,) = view.records(np.array([row]))
    return record.product_id, view.categories[record.category].path


@pytest.mark.parametrize("kind", ["full", "empty", "one shard"])
@settings(max_examples=25, deadline=None)
@given(first=sequences, second=sequences, third=sequences)
def test_folded_or_not_everything_that_can_be_asked_is_answered_alike(
    kind: str,
    tiny_bundle: Path,
    empty_bundle: Path,
    bare_bundle: Path,
    folder: Path,
    first: list[Step],
    second: list[Step],
    third: list[Step],
) -> None:
    with shop_of({"full": tiny_bundle, "empty": empty_bundle, "one shard": bare_bundle}[kind], folder) as shop:
        base = current(shop.bundles)
        shop.make(first)
        once = shop.compact()
        assert (once == base) == (not first)
        require_same(shop.view(base), shop.view(once))
        shop.make(second)
        require_same(shop.view(base), shop.view(once))
        twice = shop.compact()
        assert (twice == once) == (not second)
        shop.make(third)
        require_same(shop.view(base), shop.view(twice))
        opened = open_generation(shop.bundles / twice, verify=True)
        assert (opened.thumbs is None) == (kind == "one shard" or not opened.manifest.rows)
        for row in range(opened.manifest.rows if opened.thumbs is not None else 0):
            number = int.from_bytes(opened.table.record(row).sha256)
            assert opened.thumbs is not None
            if number < POOL:
                assert opened.thumbs[row] == f"thumb {number}".encode()
            else:
                assert opened.thumbs[row][8:12] == b"WEBP"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shops")


@pytest.fixture(scope="module")
def empty_bundle(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A shop with no products yet."""
    out = tmp_path_factory.mktemp("empty") / "bundles"
    index(Order(None, tiny_model, out), Progress())
    return out


@pytest.fixture(scope="module")
def bare_bundle(tmp_path_factory: pytest.TempPathFactory, tiny_catalogue: Path, tiny_model: Path) -> Path:
    """One shard, neither embeddings nor thumbnails."""
    out = tmp_path_factory.mktemp("bare") / "bundles"
    index(Order(tiny_catalogue, tiny_model, out, wishes=Wishes(embeddings=False, thumbs=False)), Progress())
    return out
