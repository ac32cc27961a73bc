"""Bringing a finished generation live, and tidying the bundle folder."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.bundle.generation import open_generation
from engine.bundle.store import (
    CURRENT_FILE,
    WORK_FOLDER,
    install,
    named_live,
    names,
    new_generation_id,
    prune,
    require_bundles,
    set_current,
)
from engine.errors import BundleError, UntidyError
from engine.files import locked
from index_builder import cache

CLOCK_SLACK = timedelta(days=1)
"""Cached photos stay this much longer, so that a clock that was put right deletes nothing that is used."""


def staging_folder(bundles: Path, generation: str) -> Path:
    """Where a generation is built before it is whole."""
    return bundles / WORK_FOLDER / f"{generation}.partial"


def clear_leftovers(bundles: Path) -> int:
    """Remove what killed runs left half made; the caller holds the lock. Returns how many."""
    found = [path for ending in ("partial", "deleted") for path in (bundles / WORK_FOLDER).rglob(f"*.{ending}")]
    found += bundles.glob(f"{CURRENT_FILE}.*.partial")
    for path in found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)  # it may have lain in a folder that is gone by now
    return len(found)


def publish(staged: Path, bundles: Path, generation: str, keep: int) -> list[str]:
    """Move a whole generation in, make it live, delete all but the newest `keep` (engine.bundle.store.prune).

    Each step is atomic and durable: killed between two of them, the folder has a whole live generation.
    Returns the ids of the deleted generations. Raises UntidyError where only the deleting failed.
    """
    install(staged, bundles, generation)
    set_current(bundles, generation)
    with tidying_up(generation):
        return prune(bundles, keep)


@contextmanager
def tidying_up(live: str) -> Iterator[None]:
    """What fails here is an UntidyError: `live` is live all the same."""
    try:
        yield
    except Exception as error:
        raise UntidyError(
            f"{live} is live, but what nothing needs any more could not be deleted ({error}); "
            "the next compaction or index deletes it"
        ) from error


def why_deleted(deleted: Sequence[str], keep: int) -> str:
    """What `publish` has deleted and why, for a person."""
    return (
        f"deleted {', '.join(deleted)}: neither live, nor what the live one was compacted from, "
        f"nor among the full ones that --keep {keep} keeps"
    )


def prune_cache(bundles: Path) -> None:
    """Delete encoded photos that no generation that is still there has used; after a full index, which marks its own.

    Not after a compaction: that uses none, and the next index must find those of the one before.
    """
    cache.prune(bundles, (begun(names(bundles)[-1]) - CLOCK_SLACK).timestamp())


def next_generation_id(bundles: Path) -> str:
    """An id that sorts after every generation in `bundles`, even within one second or when the clock went back."""
    now = datetime.now(UTC)
    newest = names(bundles)[:1]
    return new_generation_id(max(now, begun(newest[0]) + timedelta(seconds=1)) if newest else now)


def begun(generation: str) -> datetime:
    """When a generation was begun, by its id."""
    return datetime.strptime(generation.split("-", maxsplit=1)[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def roll_back(bundles: Path, to: str | None = None) -> str:
    """Make an older generation live: `to`, else the newest that is older than the live one. Returns its id.

    It is read whole and checked before the switch. Raises BundleError and BusyError.
    """
    require_bundles(bundles)
    with locked(bundles):
        known, live = names(bundles), named_live(bundles)
        older = [name for name in known if live is None or name < live]
        if to is not None and to not in known:
            raise BundleError(f"{bundles} has no generation {to!r}; it has {', '.join(known) or 'none'}")
        if to is None and not older:
            newer = f"{', '.join(known)}: make one live with --to" if len(known) > 1 else ", ".join(known) or "none"
            raise BundleError(f"{bundles} has none older than the live generation; it has {newer}")
        chosen = to or older[0]
        open_generation(bundles / chosen, verify=True)
        set_current(bundles, chosen)
    return chosen
