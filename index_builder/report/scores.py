"""Whether scores keep what they promise, and what a threshold on them gives."""

import numpy as np
import numpy.typing as npt

from engine.calibration import Values
from index_builder.calibrate import Calibrated
from index_builder.observe import Observations
from index_builder.reliability import BINS, bins_of
from index_builder.report.missing import Section, missing

HISTOGRAM = 20
"""Bins of equal width."""
LIMITS = np.round(np.arange(0.0, 1.0, 0.02), 2)


def scores(calibrated: Calibrated) -> Section:
    """The calibration with its reliability, its histogram and precision and recall over the threshold.

    Shares are weighted as the fit is: a third of the answers are those of strangers, whose product is not in the shop.
    """
    own, observed, predicted = calibrated.calibration, calibrated.observed, calibrated.predicted
    if own is None or observed is None or predicted is None:
        return missing(f"There are no scores: {calibrated.reason}.")
    return {
        **own.model_dump(exclude={"formula"}),
        "answers": len(observed),
        "bins": _bins(predicted, observed),
        "histogram": _histogram(predicted, observed),
        "thresholds": [_at(float(limit), predicted, observed) for limit in LIMITS],
    }


def _bins(predicted: Values, observed: Observations) -> list[Section]:
    """Bins of equal mass, as the calibration error takes them."""
    found = []
    numbers = bins_of(predicted, observed.weight)
    for number in range(BINS):
        inside = numbers == number
        if inside.any():
            weight = observed.weight[inside]
            found.append(
                {
                    "count": int(inside.sum()),
                    "low": float(predicted[inside].min()),
                    "high": float(predicted[inside].max()),
                    "score": float(np.average(predicted[inside], weights=weight)),
                    "right": float(np.average(observed.right[inside], weights=weight)),
                }
            )
    return found


def _histogram(predicted: Values, observed: Observations) -> Section:
    def counts(inside: npt.NDArray[np.bool_]) -> list[int]:
        made: list[int] = np.histogram(predicted[inside], bins=HISTOGRAM, range=(0, 1))[0].tolist()
        return made

    right = observed.right > 0
    return {"right": counts(right), "wrong": counts(~right)}


def _at(limit: float, predicted: Values, observed: Observations) -> Section:
    inside = predicted >= limit
    every = float(observed.weight[inside].sum())
    right = float(observed.weight[inside] @ observed.right[inside])
    known = float(observed.weight[~observed.stranger].sum())
    return {"threshold": limit, "precision": right / every if every else None, "recall": right / known}
