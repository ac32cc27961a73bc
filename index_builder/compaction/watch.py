"""Compacting by itself: a process of its own looks at the log, and folds it in when it has grown."""

import os
import signal
import time
from pathlib import Path

from engine.bundle.manifest import read_manifest
from engine.bundle.store import current
from engine.changes.long_reads import count_after
from engine.changes.state import open_state
from engine.errors import InputError, TwinshotError, UntidyError
from engine.told import Told, told_by
from engine.wording import counted
from index_builder.compaction.compact import Compacted, compact
from index_builder.progress import Progress

AHEAD = 10_000
"""Changed products from which on a compaction pays; docs/live.md says why so many."""
EVERY = 10.0
"""Seconds between two looks at the log."""
AGAIN = 60.0
"""Seconds after a failure before the next attempt."""
NICE = 10
"""How much lower than others this process's priority is: searching goes first."""


def watch(bundles: Path, state: Path, ahead: int, keep: int, threads: int, progress: Progress) -> None:
    """Compact whenever the log has `ahead` changes more than the live generation, until SIGTERM.

    Whatever fails is said and tried again. A compaction under way when SIGTERM comes is given up; the bundle folder is
    as it was. Raises InputError if this user may not write `bundles`: else that would be said after 10,000 changes.
    """
    if bundles.is_dir() and not os.access(bundles, os.W_OK | os.X_OK):
        raise InputError(f"{bundles} may not be written by this user, and compactions lie there; run it as its owner")
    os.nice(NICE)
    progress.say(f"watching the log in {state}: compacting {bundles} whenever it is {counted(ahead, 'change')} ahead")
    try:
        with told_by(signal.SIGTERM):
            while True:
                time.sleep(_look(bundles, state, ahead, keep, threads, progress))
    except Told as told:
        if told.number != signal.SIGTERM:
            raise
        progress.say("told to end")


def _look(bundles: Path, state: Path, ahead: int, keep: int, threads: int, progress: Progress) -> float:
    """Compact if it is time; the seconds until the next look."""
    try:
        if changes_ahead(bundles, state) >= ahead:
            progress.say(say(compact(bundles, state, keep, threads, Progress())))
        return EVERY
    except UntidyError as error:
        progress.say(str(error))
        return EVERY
    except Exception as error:  # whatever it was, the next look may find it mended
        reason = str(error) if isinstance(error, TwinshotError | OSError) else f"{type(error).__name__}: {error}"
        progress.say(f"not compacted: {reason}; tried again in {AGAIN:.0f} s")
        return AGAIN


def changes_ahead(bundles: Path, folder: Path) -> int:
    """How many changes of the log the live generation does not include. Raises BundleError and StateError."""
    state = open_state(folder, begin=False)
    try:
        return count_after(state.log, read_manifest(bundles / current(bundles)).includes_revision)
    finally:
        state.close()


def say(compacted: Compacted) -> str:
    """What was done, in one line for a person."""
    report = compacted.report
    revision = f"revision {report['includes_revision']:,}"
    if compacted.folder is None:
        return f"nothing to fold: {report['generation']} includes every change up to {revision}"
    seconds = sum(report["seconds"].values())
    return (
        f"{report['generation']} is live: {counted(report['changes'], 'changed product')} folded in up to {revision}, "
        f"{counted(report['rows_added'], 'photo')} came and {report['rows_gone']:,} went; "
        f"{counted(report['rows'], 'photo')} of {counted(report['products'], 'product')}, "
        f"{report['bytes'] / 1e6:,.1f} MB in {seconds:,.1f} s"
    )
