"""How sure a mean over queries is: percentile bootstrap (Efron & Tibshirani 1993, chapter 13)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
LEVEL = 0.95

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over `n` queries and its LEVEL interval."""

    mean: float
    low: float
    high: float
    n: int


def mean_interval(values: Values, seed: int = 0) -> Interval:
    """The mean of `values`, float64 [n], n ≥ 1, and its interval over RESAMPLES resamples of the queries."""
    random = np.random.default_rng(seed)
    n = len(values)
    means = np.array([values[random.integers(n, size=n)].mean() for _ in range(RESAMPLES)])
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(values.mean()), float(low), float(high), n)


def paired_interval(ours: Values, theirs: Values, seed: int = 0) -> Interval:
    """The mean of ours − theirs on the same queries, resampled together: both float64 [n]."""
    if ours.shape != theirs.shape:
        raise ValueError(f"paired values need one value a query on both sides, not {len(ours)} and {len(theirs)}")
    return mean_interval(ours - theirs, seed)
