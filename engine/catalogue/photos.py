"""Where the bytes of photos come from: a folder, or the members of tar files."""

import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Protocol

from engine.errors import CatalogueError

_COMPRESSED = frozenset({".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".zip"})


class Photos(Protocol):
    """A store of photos by the name a row gives them. Safe to use from several threads at once."""

    @property
    def where(self) -> str:
        """The store, for messages."""
        ...

    def holds(self, image: str) -> bool:
        """Whether `image` is a name that can lie in this store at all."""
        ...

    def size(self, image: str) -> int | None:
        """The number of bytes, or None if the photo is not there. Raises OSError."""
        ...

    def read(self, image: str) -> bytes:
        """The bytes. Raises OSError."""
        ...


class FolderPhotos:
    """Photos as files at or below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.where = f"{folder}/"
        self._root = os.path.abspath(folder)  # noqa: PTH100 - resolve() would follow links, which may lead elsewhere

    def holds(self, image: str) -> bool:
        """Whether `image`, without following links, stays in the folder."""
        if "\0" in image:
            return False
        return self._path(image).startswith(self._root.rstrip("/") + "/")

    def size(self, image: str) -> int | None:
        """The number of bytes, or None if there is no such file. Raises OSError (a folder that may not be read)."""
        try:
            status = os.stat(self._path(image))  # noqa: PTH116 - a Path for each of a million rows is slow
        except (FileNotFoundError, NotADirectoryError):
            return None
        return status.st_size if S_ISREG(status.st_mode) else None

    def read(self, image: str) -> bytes:
        """The whole file. Raises OSError."""
        with open(self._path(image), "rb") as file:  # noqa: PTH123
            return file.read()

    def _path(self, image: str) -> str:
        return os.path.normpath(os.path.join(self._root, image))  # noqa: PTH118


@dataclass(frozen=True, slots=True)
class _Member:
    tar: int
    offset: int
    size: int


class TarPhotos:
    """Photos as members of plain tar files; their places are read once, then each photo is one seek and one read."""

    def __init__(self, tars: Sequence[Path]) -> None:
        """Index `tars`. Raises CatalogueError: not a tar file, a damaged one, one name in two of them."""
        self.where = ", ".join(map(str, tars[:3])) + (f" and {len(tars) - 3} more" if len(tars) > 3 else "")
        self._tars = tuple(tars)
        self._members: dict[str, _Member] = {}
        for number, tar in enumerate(tars):
            for name, offset, size in _members(tar):
                other = self._members.get(name)
                if other is not None and other.tar != number:
                    raise CatalogueError(
                        f"{tar} and {self._tars[other.tar]} both have a member {name!r}; rename or remove one"
                    )
                self._members[name] = _Member(number, offset, size)  # in one tar file the last of a name counts

    def holds(self, image: str) -> bool:
        """Any name can be a member's: nothing outside of the tar files is read."""
        return True

    def size(self, image: str) -> int | None:
        """The number of bytes, or None if there is no such member."""
        member = self._members.get(_member_name(image))
        return None if member is None else member.size

    def read(self, image: str) -> bytes:
        """The whole member. Raises OSError."""
        member = self._members.get(_member_name(image))
        if member is None:
            raise FileNotFoundError(image)
        with self._tars[member.tar].open("rb", buffering=0) as file:
            data = os.pread(file.fileno(), member.size, member.offset)
        if len(data) != member.size:
            raise OSError("the tar file is shorter than when it was opened")
        return data


def open_photos(images: Path) -> Photos:
    """A folder, a tar file, or a pattern such as `shards/*.tar`. Raises CatalogueError for anything else."""
    if images.is_dir():
        return FolderPhotos(images)
    if any(mark in images.name for mark in "*?["):
        tars = sorted(images.parent.glob(images.name))
        if not tars:
            raise CatalogueError(f"--images {images} matches no file; name a folder, a tar file or a pattern of those")
    else:
        tars = [images]
    for tar in tars:
        if not tar.is_file():
            raise CatalogueError(f"--images {tar} does not exist; name a folder with photos or a tar file")
        if tar.suffix.lower() in _COMPRESSED:
            raise CatalogueError(
                f"--images {tar} is compressed, and photos are read from it in any order; unpack it into a folder "
                "or into a plain .tar file (photos hardly shrink)"
            )
        if tar.suffix.lower() != ".tar":
            raise CatalogueError(f"--images {tar} is neither a folder nor a .tar file; name the folder with the photos")
    return TarPhotos(tars)


def _members(path: Path) -> Iterator[tuple[str, int, int]]:
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            while (member := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined]  # tarfile would keep about 1 kB for every photo
                if member.isreg() and not member.issparse():
                    yield _member_name(member.name), member.offset_data, member.size
            file.seek(tar.offset)
            if file.read(tarfile.BLOCKSIZE).strip(b"\0"):  # tarfile takes a damaged header for the end
                raise tarfile.ReadError(f"damaged at byte {tar.offset:,}")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise CatalogueError(f"{path} is not a whole plain tar file ({error}); pack it again") from error


def _member_name(name: str) -> str:
    return os.path.normpath(name)
