"""Bootstrap intervals."""

import numpy as np
import pytest

from index_builder.bootstrap import mean_interval, paired_interval


def test_the_interval_is_that_of_the_normal_approximation() -> None:
    values = (np.random.default_rng(1).random(2000) < 0.3).astype(np.float64)
    found = mean_interval(values)
    error = np.sqrt(0.3 * 0.7 / 2000)
    assert found.mean == values.mean()
    assert found.n == 2000
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.25 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.25 * error)


def test_equal_seeds_give_equal_intervals() -> None:
    values = np.random.default_rng(1).random(50)
    assert mean_interval(values) == mean_interval(values)
    assert mean_interval(values) != mean_interval(values, seed=1)


def test_pairs_are_resampled_together() -> None:
    theirs = np.random.default_rng(1).random(200)
    found = paired_interval(theirs + 0.5, theirs)
    assert (found.mean, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))


def test_pairs_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="not 3 and 2"):
        paired_interval(np.zeros(3), np.zeros(2))
