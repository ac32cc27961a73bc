"""Why a request to a service got no answer.

ServiceError              the request failed; `retry_after` where the service named a time
├── UnreachableError      no connection, or it broke, or the answer took too long
└── ProblemError          the service answered with an error (docs/api.md lists the kinds)
"""

from collections.abc import Sequence

from engine.errors import InputError, TwinshotError

_PASSING = frozenset({429, 502, 503})
"""Statuses that say that the same request may well be answered later. Of a 502 nobody knows whether a change was made:
it is sent again with the same Idempotency-Key, and so done once.
"""
_OURS_TO_MEND = frozenset(range(400, 500)) - {408, 429}


class ServiceError(TwinshotError):
    """A request failed.

    `passing`: sent again later it may not; `retry_after`: the seconds until then, where the service named a time.
    """

    def __init__(self, message: str, *, passing: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.passing = passing
        self.retry_after = retry_after


class UnreachableError(ServiceError):
    """Nothing answered; `__cause__` is the error of httpx."""


class ProblemError(ServiceError):
    """The service answered with an error.

    `kind` is the last word of the problem's type (`unknown-product`), empty where something else than the service
    answered, such as a proxy; `title`, `detail` and `request_id` may be empty then too. `candidates` is what an
    ambiguous category may have meant.
    """

    def __init__(
        self,
        request: str,
        status: int,
        *,
        kind: str = "",
        title: str = "",
        detail: str = "",
        request_id: str = "",
        candidates: Sequence[str] = (),
        retry_after: float | None = None,
    ) -> None:
        """`request` is the method and address that were asked, for the message."""
        words = " ".join(own for own in (str(status), kind or title) if own)
        said = f": {detail}" if detail else ""
        own_id = f" (request {request_id})" if request_id else ""
        super().__init__(f"{request}: {words}{said}{own_id}", passing=status in _PASSING, retry_after=retry_after)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.request_id = request_id
        self.candidates = tuple(candidates)
        if status in _OURS_TO_MEND:
            self.exit_code = InputError.exit_code
