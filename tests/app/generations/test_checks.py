"""What a generation is asked before it may take over, and what it must not get away with."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.changes.follow import with_changes
from app.generations.checks import check_changes, check_rows
from app.live import Loaded
from engine.bundle.generation import Generation, open_generation
from engine.changes.record import StoredPhoto, StoredProduct
from engine.changes.state import State
from engine.codes import Floats
from engine.encoder import Encoder
from engine.errors import BundleError
from engine.index.brute import BruteIndex
from engine.index.protocol import HammingIndex
from engine.live.overlay import Overlay
from engine.live.photo_codes import model_key
from engine.preprocess import load
from index_builder.indexing import Order, index
from index_builder.progress import Progress
from tests.app.running import photo_of


@pytest.fixture
def encoder(loaded: Loaded) -> Encoder:
    return Encoder(loaded.generation.folder)


class Stale(BruteIndex):
    """An index that searches other codes than it says it has, as a copy on a device may."""

    def __init__(self, index: HammingIndex, searched: Any) -> None:
        super().__init__(searched)
        self._index = index

    def codes(self, rows: Any) -> Any:
        return self._index.codes(rows)


def with_index(generation: Generation, searched: Any) -> Generation:
    return replace(generation, index=Stale(generation.index, searched))


def codes_of(generation: Generation) -> Any:
    return generation.codes(np.arange(generation.manifest.rows))


def put(state: State, photo: bytes, key: str, embedding: Floats) -> None:
    """A product of one photo, of which the log has this embedding."""
    digest = hashlib.sha256(photo).hexdigest()
    state.photos.keep(digest, photo)
    with state.log.writing() as writing:
        writing.keep_embedding(key, digest, embedding)
        writing.put(StoredProduct(product_id="NEW", photos=(StoredPhoto(image_id="a", sha256=digest),)))


def embedding_of(encoder: Encoder, photo: bytes) -> Floats:
    embedding: Floats = encoder.encode(load(photo, encoder.card.preprocessing)[np.newaxis]).embeddings[0]
    return embedding


def test_a_sound_generation_answers_for_its_rows(loaded: Loaded) -> None:
    check_rows(loaded.generation)
    check_rows(with_index(loaded.generation, codes_of(loaded.generation)))


@pytest.mark.parametrize("row", [0, 59])
def test_a_row_that_its_own_code_does_not_find_is_named(loaded: Loaded, row: int) -> None:
    searched = codes_of(loaded.generation).copy()
    searched[row] ^= 255
    with pytest.raises(BundleError, match=f"row {row} is not found by its own code"):
        check_rows(with_index(loaded.generation, searched))


def test_the_same_code_on_another_row_is_not_enough(loaded: Loaded) -> None:
    searched = codes_of(loaded.generation).copy()
    searched[[0, 1]] = searched[[1, 0]]
    with pytest.raises(BundleError, match="row 0 is not found by its own code"):
        check_rows(with_index(loaded.generation, searched))


def test_photos_of_the_state_have_the_bits_that_the_log_has(loaded: Loaded, encoder: Encoder, state: State) -> None:
    photo = photo_of(40)
    put(state, photo, model_key(encoder.card), embedding_of(encoder, photo))
    check_changes(with_changes(loaded.generation, encoder, state), encoder, state)


def test_a_model_that_gives_other_bits_than_the_log_has_of_it_is_refused(
    loaded: Loaded, encoder: Encoder, state: State
) -> None:
    photo = photo_of(40)
    put(state, photo, model_key(encoder.card), -embedding_of(encoder, photo))
    with pytest.raises(BundleError, match=r"gives \d+ of 64 other bits for photo"):
        check_changes(with_changes(loaded.generation, encoder, state), encoder, state)


def test_a_photo_whose_file_is_gone_says_nothing_of_the_generation(
    loaded: Loaded, encoder: Encoder, state: State
) -> None:
    photo = photo_of(40)
    put(state, photo, model_key(encoder.card), -embedding_of(encoder, photo))
    live = with_changes(loaded.generation, encoder, state)
    state.photos.clear(set(), 1e12)
    check_changes(live, encoder, state)


def test_an_added_row_that_its_own_code_does_not_find_is_named(
    loaded: Loaded, encoder: Encoder, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = photo_of(40)
    put(state, photo, model_key(encoder.card), embedding_of(encoder, photo))
    apply = Overlay.apply

    def applied_by_halves(overlay: Overlay, *given: Any) -> None:
        apply(overlay, *given)
        overlay.gone[0] = overlay.revision  # its row is marked as gone, its id is not

    monkeypatch.setattr(Overlay, "apply", applied_by_halves)
    live = with_changes(loaded.generation, encoder, state)
    monkeypatch.setattr(type(live.view), "image", lambda view, _: view.generation.manifest.rows)
    with pytest.raises(BundleError, match="photo 'a' of the changes is not found by its own code"):
        check_changes(live, encoder, state)


def test_a_shop_without_products_has_nothing_to_answer_for(tmp_path: Path, tiny_model: Path) -> None:
    folder = index(Order(catalogue=None, model=tiny_model, out=tmp_path / "bundles"), Progress()).folder
    check_rows(open_generation(folder))
