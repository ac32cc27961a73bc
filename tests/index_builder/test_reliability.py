import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index_builder.reliability import bins_of, calibration_error, calibration_interval


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80))
def test_the_error_is_the_plain_loop_over_ten_bins_of_equal_mass(answers: list[tuple[float, bool]]) -> None:
    answers = sorted(answers * 10, key=lambda own: own[0])  # a multiple of ten: bins hold whole answers
    size = len(answers) // 10
    expected = 0.0
    for start in range(0, len(answers), size):
        own = answers[start : start + size]
        expected += abs(sum(score for score, _ in own) - sum(right for _, right in own)) / len(answers)
    scores, right = (np.array(column, dtype=float) for column in zip(*answers, strict=True))
    assert calibration_error(scores, right, np.ones(len(answers))) == pytest.approx(expected, abs=1e-9)


def test_bins_have_the_same_weight_not_the_same_number() -> None:
    weights = np.array([1.0] * 10 + [10.0] * 9)
    assert bins_of(np.linspace(0, 1, 19), weights).tolist() == [0] * 10 + list(range(1, 10))


def test_scores_that_promise_too_much_are_off_by_what_they_promise_too_much() -> None:
    right = np.tile([1.0, 0.0], 500)
    assert calibration_error(np.full(1000, 0.8), right, np.ones(1000)) == pytest.approx(0.3)


def test_the_interval_of_honest_scores_is_near_nothing_and_of_others_is_not() -> None:
    random = np.random.default_rng(0)
    scores = random.random(4000)
    right = (random.random(4000) < scores).astype(float)
    honest = calibration_interval(scores, right, np.ones(4000), np.arange(4000))
    assert honest.high < 0.05
    assert honest.n == 4000
    boastful = calibration_interval(np.sqrt(scores), right, np.ones(4000), np.arange(4000))
    assert boastful.low > honest.high


def test_what_one_query_answered_is_drawn_together() -> None:
    random = np.random.default_rng(0)
    scores = random.random(200)
    right = (random.random(200) < scores).astype(float)
    apart = calibration_interval(scores, right, np.ones(200), np.arange(200))
    copied = calibration_interval(
        np.repeat(scores, 5), np.repeat(right, 5), np.ones(1000), np.repeat(np.arange(200), 5)
    )
    assert copied.mean == pytest.approx(apart.mean, abs=0.02)
    assert copied.high - copied.low > 0.7 * (apart.high - apart.low)
