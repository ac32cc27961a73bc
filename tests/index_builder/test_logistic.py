import numpy as np
import pytest

from engine.calibration import sigmoid
from index_builder.logistic import RIDGE, fit_logistic


def drawn(true: list[float], n: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features, and answers that are right with σ(features · true − 1)."""
    random = np.random.default_rng(seed)
    features = random.normal(0.3, 2.0, (n, len(true)))
    return features, (random.random(n) < sigmoid(features @ np.array(true) - 1)).astype(float)


def test_it_finds_what_the_answers_were_drawn_from() -> None:
    features, right = drawn([0.8, 0.3])
    found = fit_logistic(features, right, np.ones(len(right)))
    np.testing.assert_allclose(found.coefficients, [0.8, 0.3], atol=0.06)
    assert found.intercept == pytest.approx(-1, abs=0.1)


def test_it_is_where_plain_gradient_descent_ends() -> None:
    features, right = drawn([0.5, 1.0], n=300)
    weights = np.random.default_rng(1).random(300)
    share = weights / weights.sum()
    centre = share @ features
    spread = np.sqrt(share @ (features - centre) ** 2)
    scaled, at, intercept = (features - centre) / spread, np.zeros(2), 0.0
    for _ in range(20_000):
        miss = share * (sigmoid(scaled @ at + intercept) - right)
        at, intercept = at - 0.5 * (scaled.T @ miss + RIDGE * at), intercept - 0.5 * miss.sum()
    found = fit_logistic(features, right, weights)
    np.testing.assert_allclose(found.coefficients, at / spread, rtol=1e-4)
    assert found.intercept == pytest.approx(intercept - at @ (centre / spread), rel=1e-3)


def test_what_would_have_a_negative_coefficient_counts_nothing_and_the_rest_is_fitted_without_it() -> None:
    features, right = drawn([0.8, -0.7])
    found = fit_logistic(features, right, np.ones(len(right)))
    alone = fit_logistic(features[:, :1], right, np.ones(len(right)))
    assert found.coefficients[1] == 0
    assert found.coefficients[0] == pytest.approx(alone.coefficients[0], rel=1e-6)


def test_a_weight_of_two_is_the_same_answer_twice() -> None:
    features, right = drawn([0.8], n=200)
    twice = fit_logistic(np.repeat(features, 2, axis=0), np.repeat(right, 2), np.ones(400))
    np.testing.assert_allclose(fit_logistic(features, right, np.full(200, 2.0)).coefficients, twice.coefficients)


@pytest.mark.parametrize("right", [[0, 0, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]])
def test_answers_without_a_doubt_have_a_finite_fit(right: list[int]) -> None:
    features = np.array([[0.0, 7.0], [1.0, 7.0], [2.0, 7.0], [3.0, 7.0]])  # the second never changes
    found = fit_logistic(features, np.array(right, dtype=float), np.ones(4))
    assert np.isfinite([found.intercept, *found.coefficients]).all()
    assert found.coefficients[1] == 0
    chance = sigmoid(features @ found.coefficients + found.intercept)
    assert ((chance > 0.5) == np.array(right, dtype=bool)).all()
