from typing import get_args

import numpy as np
import pytest

from benchmarks.recognition_bits import mean
from benchmarks.recognition_small import of_shop, shop
from benchmarks.study.codes import How, Way, alone, among, distractors, first_answers, fitted
from benchmarks.study.features import Photos


@pytest.fixture
def photos() -> Photos:
    """12 products of 20 photos around a point each, half of them queries; products 9 to 11 are not fitted on."""
    rng = np.random.default_rng(0)
    leaves = np.repeat(np.arange(12), 20)
    drawn = (rng.standard_normal((12, 96)) * 2)[leaves] + rng.standard_normal((240, 96))
    asked = np.arange(240) % 2 == 1
    unseen = leaves >= 9
    features = drawn.astype(np.float32)
    return Photos(features, features, leaves, ~asked & ~unseen, ~asked, asked & unseen, asked & ~unseen)


@pytest.mark.parametrize("way", [way for way in get_args(Way) if way != "evened"])
@pytest.mark.parametrize("how", get_args(How))
def test_well_separated_products_are_found_by_any_code(photos: Photos, way: Way, how: How) -> None:
    embedding = fitted(photos, way, 64).apply(photos.features)
    assert first_answers(photos, embedding, photos.seen, how, mean).mean() > 0.9
    assert len(first_answers(photos, embedding, photos.unseen, how, mean)) == 30


def test_a_short_list_as_long_as_the_index_gives_the_rescored_answer(photos: Photos) -> None:
    embedding = fitted(photos, "whiten", 32).apply(photos.features)
    none = np.empty((0, 32), np.float32)
    found = among(photos, embedding, photos.unseen, [1, 120], none)
    assert np.array_equal(found[120], first_answers(photos, embedding, photos.unseen, "rescored", mean))
    assert found[1].mean() <= found[120].mean()


def test_distractors_are_mixtures_of_different_products(photos: Photos) -> None:
    mixed = distractors(photos, 50)
    assert mixed.shape == (50, 96)
    nearest = np.linalg.norm(mixed[:, None] - photos.features[photos.shelf][None], axis=2).min(axis=1)
    assert nearest.min() > 1


@pytest.mark.parametrize("size", [5, 9, 30])
def test_a_small_shop_has_photos_of_each_product_in_turn_and_is_asked_for_those_alone(
    photos: Photos, size: int
) -> None:
    own = of_shop(photos, shop(photos, size, seed=1))
    counts = np.bincount(own.leaves[own.shelf], minlength=9)[:9]
    assert own.shelf.sum() == size
    assert counts.max() - counts.min() <= 1
    assert set(own.leaves[own.seen]) == set(own.leaves[own.shelf])
    assert not (own.shelf & ~photos.fitted).any()


def test_evened_codes_vary_alike_in_every_direction(photos: Photos) -> None:
    own = fitted(photos, "evened", 16).apply(photos.features[photos.fitted])
    assert np.allclose(np.cov(own, rowvar=False), np.eye(16), atol=0.02)


def test_an_index_of_unseen_leaves_alone_has_all_of_theirs_and_no_other(photos: Photos) -> None:
    own = alone(photos)
    assert set(own.leaves[own.shelf]) == {9, 10, 11}
    assert own.shelf.sum() == 30
