"""One request as data, and its answer: everything about HTTP but the sending."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import httpx
from pydantic import BaseModel

from engine.errors import InputError
from twinshot.client.errors import ProblemError, ServiceError, UnreachableError
from twinshot.client.models import kind_of
from twinshot.client.photos import Form
from twinshot.retry_after import retry_after

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

_PASSING = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout)


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request that is not sent yet. `form` reads its photos; `read` makes the answer of a response without an error.

    Each may be sent again where nothing came back: a read changes nothing, a write carries an idempotency key.
    """

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Callable[[], Form] | None = None
    json: Mapping[str, Any] | None = None
    """A body that is no form."""
    once: bool = False
    """Not to be sent again: the answer is wanted now, whatever it is."""
    taken: frozenset[int] = frozenset()
    """Statuses from 400 on that are no errors here."""


def model(kind: type[M]) -> Callable[[httpx.Response], M]:
    """Reads the body of an answer as JSON."""
    return partial(_model, kind)


def _model(kind: type[M], response: httpx.Response) -> M:
    return kind.model_validate_json(response.content)


def request_of(build: Callable[..., httpx.Request], call: Call[Any], form: Form, timeout: float) -> httpx.Request:
    """The request, made with `build_request` of a client of httpx.

    `timeout` is in seconds; the service works on photos one by one, so each adds a second to the wait for the answer.
    Raises InputError where the form is empty.
    """
    if call.form is not None and not form:
        raise InputError(f"{call.method} {call.path}: no photo is given")
    wait = httpx.Timeout(timeout, read=timeout + len(form))
    body = {"json": dict(call.json)} if call.json is not None else {"files": form or None}
    return build(call.method, call.path, params=call.params, headers=call.headers, timeout=wait, **body)


def answer_of(call: Call[T], response: httpx.Response) -> T:
    """The answer in `response`. Raises ProblemError, and ServiceError where it cannot be the service's."""
    asked = _asked(response.request)
    if response.status_code >= 400 and response.status_code not in call.taken:
        raise _problem(asked, response)
    if response.is_redirect:
        raise ServiceError(f"{asked}: moved to {response.headers.get('Location')}; give that address as the server")
    try:
        return call.read(response)
    except (ValueError, TypeError, KeyError) as error:  # no JSON, another shape, no ETag
        raise ServiceError(
            f"{asked}: the answer is not that of a Twinshot service, or of another version "
            f"({response.status_code}, {response.headers.get('Content-Type', 'no content type')})"
        ) from error


def unreached(request: httpx.Request, error: httpx.HTTPError) -> UnreachableError | InputError:
    """What is raised where `error` came instead of an answer."""
    asked = _asked(request)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return InputError(f"{asked}: cannot be sent ({error})")
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        seconds = request.extensions["timeout"]["read"]
        return UnreachableError(f"{asked}: no answer within {seconds:g} s (timeout)")
    reason = str(error) or type(error).__name__
    remedy = "; is it running there?" if isinstance(error, httpx.ConnectError) else ""
    return UnreachableError(f"{asked}: no answer ({reason}){remedy}", passing=isinstance(error, _PASSING))


def _asked(request: httpx.Request) -> str:
    """Method and address, without the parameters."""
    url = request.url
    return f"{request.method} {url.scheme}://{url.netloc.decode()}{url.raw_path.decode().partition('?')[0]}"


def _problem(asked: str, response: httpx.Response) -> ProblemError:
    said: object = None
    if response.headers.get("Content-Type", "").partition(";")[0] == "application/problem+json":
        try:
            said = response.json()
        except ValueError:
            said = None  # cut off on its way: the status tells enough
    own = said if isinstance(said, dict) else {}
    candidates = own.get("candidates")
    return ProblemError(
        asked,
        response.status_code,
        kind=kind_of(str(own.get("type", ""))),
        title=str(own.get("title") or response.reason_phrase),
        detail=str(own.get("detail", "")),
        request_id=str(own.get("request_id") or response.headers.get("X-Request-ID", "")),
        candidates=[str(name) for name in candidates] if isinstance(candidates, list) else (),
        retry_after=retry_after(response.headers.get("Retry-After")),
    )
