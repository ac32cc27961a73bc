"""How far scores are from what they promise: expected calibration error (Guo et al. 2017) in bins of equal mass."""

import numpy as np
import numpy.typing as npt

from engine.calibration import Values
from index_builder.bootstrap import LEVEL, RESAMPLES, Interval

BINS = 10


def bins_of(scores: Values, weights: Values, count: int = BINS) -> npt.NDArray[np.int64]:
    """The bin of each score, int64 [n]: by rising score, each bin with the same share of the weight."""
    order = np.argsort(scores, kind="stable")
    middle = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    found = np.empty(len(scores), dtype=np.int64)
    found[order] = np.minimum((middle * count).astype(np.int64), count - 1)
    return found


def calibration_error(scores: Values, right: Values, weights: Values) -> float:
    """The mean over the bins, by weight, of |mean score − share that is right|. All float64 [n]."""
    excess = np.bincount(bins_of(scores, weights), weights * (scores - right), minlength=BINS)
    return float(np.abs(excess).sum() / weights.sum())


def calibration_interval(
    scores: Values, right: Values, weights: Values, queries: npt.NDArray[np.int64], seed: int = 0
) -> Interval:
    """The error with its percentile bootstrap interval; what one query answered is drawn together.

    queries: the query of each answer, int64 [n]. An error is never negative, so its resamples lie above it: the
    interval is on the careful side.
    """
    random = np.random.default_rng(seed)
    names, query = np.unique(queries, return_inverse=True)
    even = np.full(len(names), 1 / len(names))
    drawn = [random.multinomial(len(names), even)[query] * weights for _ in range(RESAMPLES)]
    errors = [calibration_error(scores[own > 0], right[own > 0], own[own > 0]) for own in drawn]
    low, high = np.quantile(errors, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(calibration_error(scores, right, weights), float(low), float(high), len(names))
