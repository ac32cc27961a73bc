"""The score: how likely it is that a product of an answer is the query's. Fitted offline, applied here.

The first product of a list has its similarity s₁ and its margin m = s₁ − s₂ to the next one (0 where it stands alone):

    score₁ = σ(intercept + similarity · s₁ + margin · m + close_margin · clip(m, −close, close))

with coefficients ≥ 0. The last term sees only narrow margins: two near-twins are told apart by a hair, or not at all,
and beyond `close` more margin says little more. A product further down has the margin s_r − s₁ ≤ 0, and at most
1 − score₁, for only one product can be the query's; then the running minimum, so that scores never rise.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

Values = npt.NDArray[np.float64]

NEEDED = 2
"""Places of a list that must be known for the score of its first."""
DIGITS = 4


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Formula(_Record):
    """The coefficients, with the names they have above."""

    intercept: float
    similarity: float = Field(ge=0)
    margin: float = Field(ge=0)
    close_margin: float = Field(ge=0)
    close: float = Field(ge=0)


class Calibration(_Record):
    """The score of one generation, and how good it was on queries whose products the fit did not see."""

    source: Literal["val", "catalogue"]
    """`val`: held-out photos; `catalogue`: indexed photos, each without itself and without its near-copies."""
    queries: int
    products: int
    formula: Formula
    ece: float
    """Expected calibration error of first scores, ten bins of equal mass; its interval is `ece_low` to `ece_high`."""
    ece_low: float
    ece_high: float
    min_score: float = Field(gt=0.5, le=1)
    """The recommended threshold. Above one half, so that at most one product of a list reaches it."""
    precision: float | None
    """The share of first answers with at least `min_score` that were right; None where there was none."""
    recall: float
    """The share of queries with an indexed product that were answered rightly with at least `min_score`."""

    def matches(self, score: float) -> bool:
        """Whether a product with this score is taken for the query's."""
        return score >= self.min_score


def terms(similarities: Values, margins: Values, close: float) -> Values:
    """What the coefficients similarity, margin and close_margin weigh: float64 [n, 3]."""
    return np.stack([similarities, margins, np.clip(margins, -close, close)], axis=1)


def probabilities(formula: Formula, similarities: Values, margins: Values) -> Values:
    """The score of first products with these similarities and margins, float64 [n]."""
    weights = np.array([formula.similarity, formula.margin, formula.close_margin])
    return sigmoid(formula.intercept + terms(similarities, margins, formula.close) @ weights)


def scores_of(calibration: Calibration | None, similarities: Sequence[float]) -> Sequence[float | None]:
    """The scores of a ranked list, all None where a generation has no scores."""
    return [None] * len(similarities) if calibration is None else scores(calibration.formula, similarities)


def scores(formula: Formula, similarities: Sequence[float]) -> list[float]:
    """The scores of a ranked list from its first product on, in [0, 1], never rising.

    The first two similarities decide the first score, so they are needed whatever part of the list is shown; a longer
    list begins with the scores of the shorter one.
    """
    values = np.array(similarities, dtype=np.float64)
    if not len(values):
        return []
    margins = values - values[0]
    margins[0] = max(values[0] - values[1], 0.0) if len(values) > 1 else 0.0
    found = probabilities(formula, values, margins)
    found[1:] = np.minimum(found[1:], 1 - found[0])
    rounded: list[float] = np.round(np.minimum.accumulate(found), DIGITS).tolist()
    return rounded


def sigmoid(values: Values) -> Values:
    """1 / (1 + e^−x) without overflow."""
    result: Values = 0.5 * (1 + np.tanh(0.5 * values))
    return result
