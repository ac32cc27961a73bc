"""Thresholds from the catalogue, or the model's own."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from engine.model import ModelCard, read_card
from index_builder.cache import PhotoCache
from index_builder.thresholds import ENOUGH_PHOTOS, fit_thresholds


@pytest.fixture(scope="module")
def card(tiny_model: Path) -> ModelCard:
    return read_card(tiny_model).model_copy(update={"thresholds": (0.25,) * 64})


def filled(folder: Path, order: np.ndarray, segment: int) -> tuple[PhotoCache, np.ndarray, np.ndarray]:
    """A cache of random embeddings, written in `order`, `segment` photos to a segment; their digests and values."""
    values = np.random.default_rng(0).standard_normal((len(order), 64)).astype(np.float32) + 3
    keys = [hashlib.sha256(str(i).encode()).digest() for i in range(len(order))]
    cache = PhotoCache(folder, 64)
    for place, number in enumerate(order):
        cache.add(keys[number], values[number], None, None)
        if place % segment == segment - 1:
            cache.flush()
    cache.flush()
    return cache, np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, 32), values


def test_enough_photos_give_their_mean(tmp_path: Path, card: ModelCard) -> None:
    cache, digests, values = filled(tmp_path, np.arange(ENOUGH_PHOTOS), 300)
    fitted = fit_thresholds(cache, digests, card)
    assert fitted.source == "catalogue"
    assert fitted.values.dtype == np.float32
    np.testing.assert_allclose(fitted.values, values.mean(axis=0, dtype=np.float64), atol=1e-6)


def test_fewer_photos_keep_the_thresholds_of_the_model(tmp_path: Path, card: ModelCard) -> None:
    cache, digests, _ = filled(tmp_path, np.arange(ENOUGH_PHOTOS - 1), 300)
    fitted = fit_thresholds(cache, digests, card)
    assert (fitted.source, set(fitted.values.tolist())) == ("model", {0.25})


def test_copies_of_one_photo_count_once(tmp_path: Path, card: ModelCard) -> None:
    cache, digests, values = filled(tmp_path, np.arange(ENOUGH_PHOTOS), 300)
    often = np.concatenate([digests, np.repeat(digests[:1], 5000, axis=0)])
    np.testing.assert_allclose(fit_thresholds(cache, often, card).values, values.mean(axis=0), atol=1e-5)
    few = np.repeat(digests[:5], 1000, axis=0)
    assert fit_thresholds(cache, few, card).source == "model"


def test_the_same_photos_give_the_same_thresholds_however_they_lie_in_the_cache(
    tmp_path: Path, card: ModelCard
) -> None:
    one, digests, _ = filled(tmp_path / "a", np.arange(1200), 1000)
    other, _, _ = filled(tmp_path / "b", np.random.default_rng(1).permutation(1200), 70)
    assert (fit_thresholds(one, digests, card).values == fit_thresholds(other, digests[::-1], card).values).all()
