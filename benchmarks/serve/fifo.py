"""The best that any server could do with given arrivals and service times: one queue, first come, first served."""

import heapq
from collections.abc import Sequence

import numpy as np


def latencies(arrivals: Sequence[float], services: Sequence[float], servers: int = 1) -> list[float]:
    """Seconds from arrival to end of each photo, in the order of arrival, on `servers` equal threads.

    For one server this is Lindley's recursion (1952): w' = max(0, w + s − a).
    """
    free = [0.0] * servers
    heapq.heapify(free)
    found = []
    for arrival, service in zip(arrivals, services, strict=True):
        end = max(arrival, heapq.heappop(free)) + service
        heapq.heappush(free, end)
        found.append(end - arrival)
    return found


def quantile(
    arrivals: Sequence[float], services: Sequence[float], q: float = 99, rounds: int = 20, seed: int = 0
) -> float:
    """The median, over `rounds` draws, of the q-th percentile in seconds.

    Each photo's service time is drawn from all, with replacement: there may be more arrivals than times.
    """
    rng = np.random.default_rng(seed)
    pool = np.asarray(services)
    tails = [
        float(np.percentile(latencies(arrivals, rng.choice(pool, len(arrivals)).tolist()), q)) for _ in range(rounds)
    ]
    return float(np.median(tails))
