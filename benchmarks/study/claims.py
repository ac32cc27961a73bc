"""Claims about queries answered right or wrong: shares, and differences query by query, with their intervals."""

from benchmarks.result import Claim, claim
from benchmarks.study.figures import Marks
from index_builder.bootstrap import Interval, mean_interval, paired_interval


def level(name: str, marks: Marks, target: float | None = None) -> Claim:
    """The share of queries answered right; marks: 1 or 0 (or a mean over seeds) for each, float64 [n]."""
    own = mean_interval(marks)
    return claim(name, own.mean, "", target, "higher", spread(own))


def difference(name: str, own: Marks, other: Marks, target: float | None = None) -> Claim:
    """What one has more than another on the same queries; own, other: float64 [n]."""
    gap = paired_interval(own, other)
    return claim(name, gap.mean, "", target, "higher", f"{own.mean():.3f} − {other.mean():.3f}; {spread(gap)}")


def spread(own: Interval) -> str:
    """An interval as a note."""
    return f"95 % interval {own.low:.3f} to {own.high:.3f}, n = {own.n:,}"
