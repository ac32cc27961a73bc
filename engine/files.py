"""Files that are whole or not there: checksums, atomic replacement, a lock per folder."""

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from engine.errors import BundleError, BusyError, InputError

LOCK_TRIED_EVERY = 0.2
"""Seconds."""
_LOCK = ".lock"


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable: a rename is on disk only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace `path` by `data` durably: readers see the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, data)
    sync_folder(path.parent)


def replace(path: Path, data: bytes) -> None:
    """The same in a folder that is there, durable only once `sync_folder` of it was called: for many files in few."""
    partial = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def require(path: Path, remedy: str) -> Path:
    """`path` if it exists, else a BundleError that names it and the remedy."""
    if not path.exists():
        raise BundleError(f"{path} is missing; {remedy}")
    return path


def require_folder(path: Path, option: str) -> None:
    """Raise InputError naming `option` unless `path` is a folder or can become one. Nothing is made.

    For the beginning of long work, so that it does not fail at its end.
    """
    there = next((own for own in (path, *path.parents) if own.exists()), Path.cwd())
    if not there.is_dir():
        raise InputError(f"{there} is a file; name a folder with {option}")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"{there} may not be written by this user; run as one who may, or name another with {option}")


def require_file_place(path: Path, option: str) -> None:
    """Raise InputError naming `option` unless a file `path` could be written. Nothing is made."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file with {option}")
    require_folder(path.parent, option)


@contextmanager
def locked(folder: Path, patience: float = 0.0) -> Iterator[None]:
    """Hold the writer's lock of `folder`; a second process gets BusyError. The lock dies with its process.

    It is tried for `patience` seconds. The folder is made if missing, and if it is left by an error with nothing else
    in it, what was made is removed again. Raises InputError where it cannot be made.
    """
    end = time.monotonic() + patience
    made = [own for own in (folder, *folder.parents) if not own.exists()]
    while (file := _lock(folder)) is None:
        if time.monotonic() >= end:
            raise BusyError(f"another process is writing {folder}; wait until it is done")
        time.sleep(LOCK_TRIED_EVERY)
    with file:
        try:
            yield
        except BaseException:
            _remove_unused(made)
            raise


def _lock(folder: Path) -> IO[str] | None:
    """The lock file of `folder`, locked; None while another process holds it, or where one has just removed it."""
    path = folder / _LOCK
    file = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            file = path.open("w")
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror}); name another folder") from error
    if file is None:
        return None
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
    file.close()
    return None


def _remove_unused(made: Sequence[Path]) -> None:
    """Remove the folders that were made for a lock, innermost first, unless there is more in them than the lock."""
    with suppress(OSError):  # what is gone, or was put there meanwhile
        if made and [own.name for own in made[0].iterdir()] == [_LOCK]:
            (made[0] / _LOCK).unlink()
            for own in made:
                own.rmdir()
