"""How sure a share of queries is: the score interval (Wilson 1927, Journal of the American Statistical Association 22,
209-212), which Brown, Cai & DasGupta 2001 (Statistical Science 16, 101-133) recommend for few queries.

Resampling, as `bootstrap` does it, would give ± 0 where every query is answered rightly, or none.
"""

import math
from statistics import NormalDist

from index_builder.bootstrap import LEVEL, Interval

_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)


def share_interval(right: int, n: int) -> Interval:
    """The share of `right` among `n` queries, n ≥ 1, and its LEVEL interval."""
    share, weight = right / n, _Z**2 / n
    middle = (share + weight / 2) / (1 + weight)
    half = _Z / (1 + weight) * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half), n)
