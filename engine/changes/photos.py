"""What belongs to a photo that came with a change: one file each, named by the SHA-256 of the photo, never changed."""

import errno
import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from engine.errors import StateError
from engine.files import replace, sync_folder

_OF_THE_FILE = frozenset({errno.EACCES, errno.EPERM, errno.EISDIR, errno.EIO})
"""Faults that are that file's own, such as those of a backup that was restored by another user."""


class PhotoStore:
    """A folder of such files, made when the first comes. Safe to call from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, digest: str, data: bytes) -> None:
        """Write a file durably unless it is there; one that is there is as if it were new, so that `clear` spares it.

        digest: the SHA-256 of the photo in hexadecimal.
        """
        self.keep_all({digest: data})

    def keep_all(self, files: Mapping[str, bytes]) -> None:
        """The same for many files, by digest; the disk is waited for far less often than one by one."""
        folders = sorted({self.path(digest).parent for digest in files})
        new = [folder for folder in folders if not folder.exists()]
        for folder in new:
            folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            for folder in folders:
                stack.enter_context(_held(folder, fcntl.LOCK_SH))
            for digest, data in files.items():
                try:
                    os.utime(self.path(digest))
                except FileNotFoundError:
                    replace(self.path(digest), data)
        # once a folder and not once a file; and of what is there already too: who wrote it may not have come so far
        for folder in folders:
            sync_folder(folder)
        if new:
            sync_folder(self._folder)
            sync_folder(self._folder.parent)

    def has(self, digest: str) -> bool:
        """Whether there is a file for the photo."""
        return self.path(digest).exists()

    def read(self, digest: str) -> bytes:
        """The bytes of a file. Raises StateError where it is not there, or not to be read: other faults (no file handle
        is left) pass, and what is left out for these would be missed.
        """
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError as error:
            raise StateError(f"{self.path(digest)} is missing; restore it from a backup of the state") from error
        except OSError as error:
            if error.errno not in _OF_THE_FILE:
                raise
            remedy = "give it to who runs this, or restore it from a backup of the state"
            raise StateError(f"{self.path(digest)} cannot be read ({error.strerror}); {remedy}") from error

    def clear(self, needed: set[str], before: float) -> int:
        """Delete files of photos that are not in `needed` and are older than `before` (POSIX seconds); how many."""
        gone = 0
        for folder in self._folder.glob("??"):
            with _held(folder, fcntl.LOCK_EX):
                for path in folder.iterdir():
                    if path.name not in needed and path.stat().st_mtime < before:
                        path.unlink()
                        gone += 1
        return gone

    def path(self, digest: str) -> Path:
        """Where the file of a photo lies if it is there."""
        return self._folder / digest[:2] / digest


@contextmanager
def _held(folder: Path, how: int) -> Iterator[None]:
    """Whoever keeps a file and whoever clears its folder wait for each other; those who keep do not."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
