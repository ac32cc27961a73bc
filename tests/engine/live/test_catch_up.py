"""The changes of a log in a generation: encoded once, with its model; what it brought along is not encoded again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current
from engine.changes.long_reads import count_after
from engine.changes.record import StoredProduct
from engine.changes.state import State, open_state
from engine.codes import binarise
from engine.encoder import Encoded, Encoder
from engine.errors import StateError
from engine.live.catch_up import catch_up
from engine.live.overlay import Overlay
from engine.live.view import View
from engine.preprocess import Pixels, load
from tests.app.running import photo_of
from tests.changed import keep, put


@pytest.fixture(scope="module")
def generation(tiny_bundle: Path) -> Generation:
    return open_generation(tiny_bundle / current(tiny_bundle))


@pytest.fixture(scope="module")
def encoder(generation: Generation) -> Encoder:
    return Encoder(generation.folder)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    own = open_state(tmp_path)
    yield own
    own.close()


def test_a_product_that_was_put_is_the_nearest_to_its_own_photo(
    generation: Generation, encoder: Encoder, state: State
) -> None:
    photo = photo_of(40)
    put(state, "NEW", {"a": keep(state, photo), "b": keep(state, photo_of(40, 8))})
    overlay = Overlay(generation)
    assert catch_up(overlay, state, encoder).changes == 1
    view = View(overlay)
    embedding = encoder.encode(load(photo, encoder.card.preprocessing)[None]).embeddings[0]
    hits = view.nearest(binarise(embedding, view.thresholds), 1, view.everything)
    assert hits.distances.tolist() == [0]
    assert view.ids(hits.rows) == (["NEW"], ["a"])
    assert (view.rows, view.products, view.revision) == (62, 21, 1)


def test_changed_products_are_counted_as_the_compactor_counts_them(
    generation: Generation, encoder: Encoder, state: State
) -> None:
    """Each once; one that the generation has without photos is unchanged until a change comes."""
    own = StoredProduct(product_id="WITHOUT", category=("M", None, None))
    manifest = generation.manifest.model_copy(update={"incomplete": (own,)})
    overlay = Overlay(replace(generation, manifest=manifest))
    assert View(overlay).changed_products == 0
    for product in ("NEW", "P03", "NEW", "WITHOUT", "WITHOUT"):
        put(state, product, {})
        catch_up(overlay, state, encoder)
    assert View(overlay).changed_products == count_after(state.log, manifest.includes_revision) == 3


def test_every_change_is_applied_though_there_are_more_than_are_read_at_once(
    generation: Generation, encoder: Encoder, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.live.catch_up.AT_ONCE", 2)
    digest = keep(state, photo_of(40))
    for number in range(5):
        put(state, f"N{number}", {f"n{number}": digest})
    overlay = Overlay(generation)
    assert catch_up(overlay, state, encoder).changes == 5
    assert catch_up(overlay, state, encoder).changes == 0
    assert View(overlay).products == 25


def test_no_photo_is_encoded_once_the_work_was_told_to_end(
    generation: Generation, encoder: Encoder, state: State
) -> None:
    put(state, "NEW", {f"n{number}": keep(state, photo_of(40, number)) for number in range(5)})
    encoded: list[int] = []

    class Counted:
        card = encoder.card

        def encode(self, pixels: Pixels) -> Encoded:
            encoded.append(len(pixels))
            return encoder.encode(pixels)

    def breathe() -> None:
        if len(encoded) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        catch_up(Overlay(generation), state, Counted(), breathe)
    assert len(encoded) == 2


def test_a_photo_is_encoded_once_for_all_processes(generation: Generation, encoder: Encoder, state: State) -> None:
    digest = keep(state, photo_of(40))
    put(state, "NEW", {"a": digest})
    first, second = Overlay(generation), Overlay(generation)
    catch_up(first, state, encoder)
    (state.folder / "photos" / digest[:2] / digest).unlink()
    assert catch_up(second, state, encoder).left_out == ()
    np.testing.assert_array_equal(first.codes[0], second.codes[0])


def test_a_photo_that_came_with_the_generation_stays_though_its_file_is_not_ours(
    generation: Generation, encoder: Encoder, state: State
) -> None:
    rows = generation.table.product("P00")
    own = {record.image_id: record.sha256.hex() for record in generation.table.records(rows)}
    put(state, "P00", {**own, "extra": keep(state, photo_of(41))})
    overlay = Overlay(generation)
    assert catch_up(overlay, state, encoder).left_out == ()
    view = View(overlay)
    changed = view.product("P00")
    assert len(changed) == 4
    np.testing.assert_array_equal(view.codes(changed)[:3], generation.codes(rows))
    assert (view.rows, view.products) == (61, 20)


def test_a_photo_that_is_nowhere_is_left_out_and_named(generation: Generation, encoder: Encoder, state: State) -> None:
    put(state, "NEW", {"gone": "a" * 64, "here": keep(state, photo_of(40))})
    overlay = Overlay(generation)
    ((image_id, reason),) = catch_up(overlay, state, encoder).left_out
    assert image_id == "gone"
    assert "is missing; restore it" in reason
    view = View(overlay)
    assert [own.image_id for own in view.records(view.product("NEW"))] == ["here"]


def test_a_state_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="is not a folder; make it"):
        open_state(tmp_path / "none")
