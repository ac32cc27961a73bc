"""Weighted logistic regression with coefficients that may not be negative: a score that rises with what it is made of.

Newton's method on standardised features with a little L2, and an active set for the signs (Lawson & Hanson 1974).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.calibration import Values, sigmoid

RIDGE = 1e-3
"""Weight of the squared coefficients beside the mean loss: enough that separable data has a finite fit."""
STEPS = 100
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Fit:
    """P(right) = σ(intercept + features · coefficients); coefficients: float64 [d], all ≥ 0."""

    intercept: float
    coefficients: Values


def fit_logistic(features: Values, right: Values, weights: Values) -> Fit:
    """The best fit. features: float64 [n, d]; right: 0 or 1, float64 [n]; weights: float64 [n], ≥ 0."""
    share = weights / weights.sum()
    centre = share @ features
    spread = np.sqrt(share @ (features - centre) ** 2)
    constant = spread < 1e-12
    design = np.column_stack([(features - centre) / np.where(constant, 1.0, spread), np.ones(len(features))])
    free = np.append(~constant, True)
    while True:
        found = _newton(design, right, share, free)
        negative = found < 0
        negative[-1] = False  # the intercept takes any sign
        if not negative.any():
            break
        free &= ~negative
    coefficients = np.where(constant, 0.0, found[:-1] / np.where(constant, 1.0, spread))
    return Fit(float(found[-1] - coefficients @ centre), coefficients)


def _newton(design: Values, right: Values, share: Values, free: npt.NDArray[np.bool_]) -> Values:
    """The minimum over the free coefficients, the others 0; the last column is the intercept."""
    columns = design[:, free]
    ridge = np.full(columns.shape[1], RIDGE)
    ridge[-1] = 1e-9

    def loss(at: Values) -> float:
        logits = columns @ at
        return float(share @ (np.logaddexp(0, logits) - right * logits) + 0.5 * ridge @ at**2)

    at = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        chance = sigmoid(columns @ at)
        gradient = columns.T @ (share * (chance - right)) + ridge * at
        curvature = (columns * (share * chance * (1 - chance))[:, None]).T @ columns + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        while loss(at - step) > loss(at) and np.abs(step).max() > TOLERANCE:
            step /= 2
        at = at - step
        if np.abs(step).max() <= TOLERANCE:
            break
    found = np.zeros(design.shape[1])
    found[free] = at
    return found
