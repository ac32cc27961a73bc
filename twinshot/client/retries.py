"""When a request is sent again."""

import random
from typing import TypeVar

from tenacity import BaseRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_random_exponential

from twinshot.client.errors import ServiceError

R = TypeVar("R", bound=BaseRetrying)

_BACK_OFF = wait_random_exponential(multiplier=0.5, max=8)


def retrying(kind: type[R], attempts: int, patience: float) -> R:
    """Sends again what failed in passing, `attempts` times in all, none later than `patience` seconds after the first.

    The wait is what the service asked for (Retry-After) and up to a quarter more, so that callers who were sent away
    together do not come back together; else random, below 0.5, 1, 2, … 8 s. A wait that would last beyond `patience`
    is not begun: the error is raised at once.
    """
    return kind(
        stop=stop_after_attempt(attempts) | stop_before_delay(patience),
        wait=_wait,
        retry=retry_if_exception(_is_passing),
        reraise=True,
    )


def _is_passing(error: BaseException) -> bool:
    return isinstance(error, ServiceError) and error.passing


def _wait(state: RetryCallState) -> float:
    error = None if state.outcome is None else state.outcome.exception()
    asked = error.retry_after if isinstance(error, ServiceError) else None
    return _BACK_OFF(state) if asked is None else asked * random.uniform(1, 1.25)
