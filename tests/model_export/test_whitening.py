import numpy as np
import pytest

from model_export.projection import Floats, fit_projection
from model_export.whitening import FEW, SHRINK, VIEWS, blend, product_spread, view_spread, whitener


def features(count: int, width: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)


def naive_product_spread(x: Floats, products: list[str]) -> np.ndarray:
    total, weights = np.zeros((x.shape[1], x.shape[1])), 0.0
    for product in set(products):
        own = np.array([row for row, name in zip(x.astype(float), products, strict=True) if name == product])
        if len(own) < 2:
            continue
        total += np.sqrt(len(own)) * np.cov(own.T)
        weights += np.sqrt(len(own))
    return total / weights


def test_the_spread_of_products_is_their_covariances_mean_weighted_by_the_root_of_their_size() -> None:
    x, products = features(30, 5), [f"p{i * i % 7}" for i in range(30)]
    spread, freedom = product_spread(x, products)
    assert np.allclose(spread, naive_product_spread(x, products))
    assert freedom == 30 - len(set(products))


def test_products_of_one_photo_say_nothing() -> None:
    spread, freedom = product_spread(features(4, 3), ["a", "b", "c", "d"])
    assert freedom == 0
    assert not spread.any()


def test_the_spread_of_views_is_the_mean_covariance_of_each_photos_views() -> None:
    x = features(24, 4).reshape(8, 3, 4)
    assert np.allclose(view_spread(x), np.mean([np.cov(own.astype(float).T) for own in x], axis=0))


def test_views_stand_for_products_where_no_product_has_two_photos() -> None:
    views = np.diag([3.0, 1.0])
    assert np.allclose(blend(np.zeros((2, 2)), 0, views), views / 4)


def test_many_photos_leave_the_views_their_own_share() -> None:
    photos, views = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
    assert blend(photos, 10**9, views)[1, 1] == pytest.approx(VIEWS, abs=1e-4)
    assert blend(photos, FEW, views)[0, 0] == pytest.approx((1 - VIEWS) / 2)


def test_the_whitener_is_the_inverse_root_of_the_shrunk_spread() -> None:
    spread = naive_product_spread(features(40, 6), ["a", "b"] * 20)
    own = whitener(spread)
    shrunk = spread / np.trace(spread) * 6 + SHRINK * np.eye(6)
    assert np.allclose(own @ shrunk @ own, np.eye(6))
    assert np.allclose(own, own.T)


def test_photos_that_do_not_differ_give_a_finite_whitener() -> None:
    assert np.isfinite(whitener(np.zeros((4, 4)))).all()


def nearest_is_right(x: Floats, products: np.ndarray) -> float:
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    likeness = unit @ unit.T - 2 * np.eye(len(unit))
    return float((products[likeness.argmax(axis=1)] == products).mean())


def test_products_never_seen_are_told_apart_better_after_whitening() -> None:
    """Each photo = its product + light that lies along a few directions and is stronger than what tells products."""
    rng = np.random.default_rng(1)
    products = np.repeat(np.arange(80), 5)
    identity = rng.standard_normal((80, 40))[products]
    light = rng.standard_normal((400, 4)) @ rng.standard_normal((4, 40))
    x = (identity + light + 0.3 * rng.standard_normal((400, 40))).astype(np.float32)
    seen, unseen = products < 40, products >= 40
    spread, _ = product_spread(x[seen], [str(p) for p in products[seen]])
    plain = fit_projection(x[seen], 32, 0).apply(x[unseen])
    whitened = fit_projection(x[seen], 32, 0, first=whitener(spread)).apply(x[unseen])
    assert nearest_is_right(plain, products[unseen]) < 0.7
    assert nearest_is_right(whitened, products[unseen]) > 0.95
