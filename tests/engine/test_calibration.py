import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.calibration import Calibration, Formula, scores

WEIGHTS = st.floats(0, 500)
FORMULAS = st.builds(
    Formula,
    intercept=st.floats(-50, 50),
    similarity=WEIGHTS,
    margin=WEIGHTS,
    close_margin=WEIGHTS,
    close=st.floats(0, 0.5),
)
LISTS = st.lists(st.floats(-1, 1), min_size=2, max_size=30)
"""Mostly falling; a doubled short list may bring a similarity that is higher again."""
FORMULA = Formula(intercept=-6, similarity=10, margin=5, close_margin=20, close=0.02)


def calibration(formula: Formula, min_score: float) -> Calibration:
    measured = {"ece": 0.02, "ece_low": 0.01, "ece_high": 0.03, "precision": 0.9, "recall": 0.5}
    return Calibration(
        source="val", queries=200, products=20, formula=formula, min_score=min_score, **measured
    )  # fmt: skip


def test_the_first_score_is_the_formula() -> None:
    logit = -6 + 10 * 0.7 + 5 * 0.1 + 20 * 0.02
    assert scores(FORMULA, [0.7, 0.6])[0] == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-4)


def test_the_second_score_has_a_negative_margin_and_leaves_the_first_its_own() -> None:
    _, second = scores(FORMULA, [0.4, 0.3])
    logit = -6 + 10 * 0.3 + 5 * -0.1 + 20 * -0.02
    assert second == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-4)
    sure, other = scores(FORMULA, [0.9, 0.9])
    assert sure > 0.9
    assert other == pytest.approx(1 - sure, abs=1e-9)


def test_a_product_that_stands_alone_has_no_margin() -> None:
    assert scores(FORMULA, [0.7]) == scores(FORMULA, [0.7, 0.7])[:1]
    assert scores(FORMULA, []) == []


@given(FORMULAS, LISTS)
def test_scores_are_probabilities_that_never_rise_down_the_list(formula: Formula, similarities: list[float]) -> None:
    found = scores(formula, sorted(similarities, reverse=True)[:2] + similarities)
    assert all(0 <= own <= 1 for own in found)
    assert found == sorted(found, reverse=True)


@given(FORMULAS, LISTS, st.integers(2, 30))
def test_a_longer_list_begins_with_the_scores_of_the_shorter(
    formula: Formula, similarities: list[float], count: int
) -> None:
    assert scores(formula, similarities)[:count] == scores(formula, similarities[:count])


@given(FORMULAS, LISTS, st.floats(0.5001, 1))
def test_at_most_one_product_of_a_list_is_a_match(
    formula: Formula, similarities: list[float], min_score: float
) -> None:
    found = scores(formula, sorted(similarities, reverse=True))
    assert sum(calibration(formula, min_score).matches(own) for own in found) <= 1
    assert found[0] + found[1] <= 1 + 1e-4 or found[1] == 0


@given(FORMULAS, st.floats(-1, 1), st.floats(0, 1), st.floats(0, 0.5))
def test_a_nearer_product_or_a_wider_margin_never_lowers_the_first_score(
    formula: Formula, similarity: float, margin: float, more: float
) -> None:
    own = scores(formula, [similarity, similarity - margin])[0]
    assert scores(formula, [similarity, similarity - margin - more])[0] >= own
    assert scores(formula, [similarity + more, similarity + more - margin])[0] >= own - 1e-4


def test_extreme_similarities_do_not_overflow() -> None:
    steep = Formula(intercept=0, similarity=1e6, margin=1e6, close_margin=0, close=0)
    with np.errstate(all="raise"):
        assert scores(steep, [1.0, -1.0]) == [1.0, 0.0]


@pytest.mark.parametrize("name", ["similarity", "margin", "close_margin"])
def test_a_coefficient_that_would_let_scores_rise_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        Formula.model_validate(FORMULA.model_dump() | {name: -0.1})


def test_a_threshold_that_two_products_could_reach_is_refused() -> None:
    with pytest.raises(ValidationError, match="min_score"):
        calibration(FORMULA, 0.5)
