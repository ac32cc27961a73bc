"""The service that a command speaks with."""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import InputError
from twinshot.client import Client, ProblemError


@contextmanager
def service_at(
    server: str, key: str | None, variables: str, timeout: float = 30.0, patience: float = 30.0
) -> Iterator[Client]:
    """A client of the service. Raises InputError where it wants another key, which says how a command takes one."""
    try:
        with Client(server, key=key, timeout=timeout, patience=patience) as client:
            yield client
    except ProblemError as error:
        if error.status not in (401, 403) or error.kind == "changes-off":  # which no key would mend
            raise
        raise InputError(f"{error}; give the key as --key or in {variables}") from error
