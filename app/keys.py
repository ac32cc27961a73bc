"""Who asks: the key that came with a request, else the address that it came from."""

import hmac

from fastapi import Request
from pydantic import SecretStr

from app.problems import ProblemError
from app.rates import neighbourhood
from app.settings import Settings


def require_key(request: Request, *keys_taken: SecretStr | None) -> None:
    """Raises ProblemError (401) unless one of these keys was sent."""
    given = _given(request)
    if not any(_same(given, key) for key in keys_taken):
        problem = "the key is wrong" if "authorization" in request.headers else "no key was sent"
        raise ProblemError("unauthorized", f"{problem}; send the header 'Authorization: Bearer KEY'")


def require_write_key(request: Request, settings: Settings) -> None:
    """Raises ProblemError unless the write key was sent: 401, or 403 where it is the read key."""
    if _same(_given(request), settings.read_key):
        raise ProblemError("read-only-key", "this is the read key; changes want the other one, TWINSHOT_WRITE_KEY")
    require_key(request, settings.write_key)


def _given(request: Request) -> str | None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def _same(given: str | None, key: SecretStr | None) -> bool:
    return (
        given is not None and key is not None and hmac.compare_digest(given.encode(), key.get_secret_value().encode())
    )


def caller_of(request: Request, settings: Settings) -> str:
    """Whose requests are counted together: a key of ours that was sent, else where they come from."""
    given = _given(request)
    for name, key in (("write key", settings.write_key), ("read key", settings.read_key)):
        if _same(given, key):
            return name
    return "unknown" if request.client is None else neighbourhood(request.client.host)
