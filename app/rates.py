"""How often a caller may ask: so many requests a second on average, and some seconds' worth of them at once.

In memory and by process: of several processes each counts for itself. The rule is GCRA (the generic cell rate
algorithm of ATM networks): one number a caller, and the exact time after which a refused one may ask again.
"""

import math
from ipaddress import IPv6Address, IPv6Network

from app.problems import ProblemError

BURST = 5
"""Seconds whose requests may come all at once."""
CALLERS = 10_000
"""Callers that are remembered; of more, those who have been quiet the longest begin anew."""


class Rate:
    """The limit of one kind of request, for every caller."""

    def __init__(self, per_second: int) -> None:
        """Each caller may send `per_second` requests a second, and BURST times as many at once."""
        import throttled
        from throttled.rate_limiter import per_sec
        from throttled.store import MemoryStore

        self._throttle = throttled.Throttled(
            using=throttled.RateLimiterType.GCRA.value,
            quota=per_sec(per_second, burst=per_second * BURST),
            store=MemoryStore(options={"MAX_SIZE": CALLERS}),
        )
        self._per_second = per_second

    def take(self, caller: str) -> None:
        """Count a request. Raises ProblemError (429) where it is one too many; that one does not count."""
        asked = self._throttle.limit(caller)
        if asked.limited:
            wait = max(math.ceil(asked.state.retry_after), 1)
            detail = f"more than {self._per_second:,} requests a second; send the next one in {wait} s"
            raise ProblemError("rate-limited", detail, {"Retry-After": str(wait)})


def neighbourhood(host: str) -> str:
    """Whose requests count together where no key tells callers apart: an address; of IPv6 the 64 bits of a network.

    A host of IPv6 has all addresses of its network to itself.
    """
    try:
        address = IPv6Address(host)
    except ValueError:
        return host
    return str(address.ipv4_mapped or IPv6Network((int(address), 64), strict=False))
