"""What a check found."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from engine.errors import TwinshotError

Level = Literal["ok", "warning", "failed"]


class Finding(NamedTuple):
    """One thing that was looked at: what it is like, and where it is not fit, what to do."""

    about: str
    level: Level
    said: str
    remedy: str | None = None


Check = Callable[[], Finding]


def failed(about: str, error: TwinshotError) -> Finding:
    """An error of ours, which says what is wrong and after a semicolon what to do."""
    said, _, remedy = str(error).partition("; ")
    return Finding(about, "failed", said, remedy or None)


def look(about: str, check: Check) -> Finding:
    """What `check` finds. Nothing that it stumbles over ends the others: on a damaged machine that may be anything."""
    try:
        return check()
    except TwinshotError as error:
        return failed(about, error)
    except Exception as error:
        said = f"could not be looked at ({type(error).__name__}: {error})".splitlines()[0]
        return Finding(about, "failed", said, "install Twinshot again in a new environment, or report this line")
