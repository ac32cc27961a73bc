"""The state folder: the log of changes, and the photos and thumbnails that came with them."""

from dataclasses import dataclass
from pathlib import Path

from engine.changes.log import LOG_FILE, ChangeLog
from engine.changes.photos import PhotoStore
from engine.errors import StateError


@dataclass(frozen=True, slots=True)
class State:
    """What changes between generations. Shared by the processes of one host."""

    folder: Path
    log: ChangeLog
    photos: PhotoStore
    thumbs: PhotoStore

    def close(self) -> None:
        """Let go of the log."""
        self.log.close()


def open_state(folder: Path, begin: bool = True) -> State:
    """The state in `folder`, which must be there; with `begin` an empty folder becomes an empty state.

    Raises StateError.
    """
    if not folder.is_dir():
        raise StateError(f"{folder} is not a folder; make it, or name another with --state or TWINSHOT_STATE")
    if not begin and not (folder / LOG_FILE).exists():
        raise StateError(f"{folder} has no {LOG_FILE}; name the folder that the service has as TWINSHOT_STATE")
    return State(folder, ChangeLog(folder), PhotoStore(folder / "photos"), PhotoStore(folder / "thumbs"))
