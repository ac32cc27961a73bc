"""What belongs to a photo that came with a change: one file each, named by the SHA-256 of the photo, never changed."""

from pathlib import Path

from engine.errors import StateError
from engine.files import sync_folder, write_atomic


class PhotoStore:
    """A folder of such files, made when the first comes. Safe to call from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, digest: str, data: bytes) -> None:
        """Write a file durably unless it is there. `digest`: the SHA-256 of the photo in hexadecimal."""
        path = self._path(digest)
        if path.exists():
            return
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            sync_folder(self._folder)
            sync_folder(self._folder.parent)
        write_atomic(path, data)

    def has(self, digest: str) -> bool:
        """Whether there is a file for the photo."""
        return self._path(digest).exists()

    def read(self, digest: str) -> bytes:
        """The bytes of a file. Raises StateError where it is not there."""
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError as error:
            raise StateError(f"{self._path(digest)} is missing; restore it from a backup of the state") from error

    def clear(self, needed: set[str], before: float) -> int:
        """Delete files of photos that are not in `needed` and are older than `before` (POSIX seconds); how many."""
        gone = 0
        for path in self._folder.glob("??/*"):
            if path.name not in needed and path.stat().st_mtime < before:
                path.unlink()
                gone += 1
        return gone

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest
