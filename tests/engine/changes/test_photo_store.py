"""Photos of changes: kept under their SHA-256, deleted only when nobody needs them."""

import errno
import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.changes.photos import PhotoStore
from engine.errors import StateError


def test_a_photo_is_kept_once_and_read_as_it_was(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path / "photos")
    digest = hashlib.sha256(b"photo").hexdigest()
    assert not store.has(digest)
    store.keep(digest, b"photo")
    store.keep(digest, b"photo")
    assert store.has(digest)
    assert store.read(digest) == b"photo"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [digest]


def test_many_photos_are_forced_to_the_disk_with_one_wait_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("engine.changes.photos.sync_folder", synced.append)
    store = PhotoStore(tmp_path / "photos")
    files = {f"{first}{number}".ljust(64, "0"): b"%d" % number for first in ("aa", "bb") for number in range(5)}
    store.keep_all(files)
    assert {digest: store.read(digest) for digest in files} == files
    two = [tmp_path / "photos" / name for name in ("aa", "bb")]
    assert sorted(synced) == sorted([*two, tmp_path / "photos", tmp_path])
    synced.clear()
    store.keep_all(files)  # whoever wrote them may not have waited for the disk yet
    assert sorted(synced) == two


def test_two_threads_may_keep_one_photo_at_once(tmp_path: Path) -> None:
    store, data = PhotoStore(tmp_path / "photos"), b"x" * 1_000_000
    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            digest = f"{number:02}".ljust(64, "0")
            list(pool.map(lambda _, digest=digest: store.keep(digest, data), range(8)))
            assert store.read(digest) == data
    assert not list(tmp_path.rglob("*.partial"))


def test_a_missing_photo_is_one_line_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"photos/aa/a+ is missing; restore it"):
        PhotoStore(tmp_path / "photos").read("a" * 64)


def test_a_photo_that_is_no_file_is_one_line_too_and_want_of_handles_is_another_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PhotoStore(tmp_path / "photos")
    store.path("a" * 64).mkdir(parents=True)
    with pytest.raises(StateError, match=r"photos/aa/a+ cannot be read \(Is a directory\); give it to who runs this"):
        store.read("a" * 64)
    monkeypatch.setattr(Path, "read_bytes", out_of_handles)
    with pytest.raises(OSError, match="Too many open files"):
        store.read("a" * 64)


def out_of_handles(_: Path) -> bytes:
    raise OSError(errno.EMFILE, "Too many open files")


def test_only_old_photos_that_nobody_needs_are_deleted(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path / "photos")
    for name in ("a", "b"):
        store.keep(name * 64, b"photo")
    now = time.time()
    assert store.clear({"a" * 64}, before=now - 60) == 0
    assert store.clear({"a" * 64}, before=now + 60) == 1
    assert (store.has("a" * 64), store.has("b" * 64)) == (True, False)


def test_a_photo_that_is_kept_again_is_new_again(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path / "photos")
    store.keep("a" * 64, b"photo")
    os.utime(store.path("a" * 64), (0, 0))
    store.keep("a" * 64, b"photo")
    assert store.clear(set(), before=time.time() - 60) == 0
    assert store.read("a" * 64) == b"photo"


def test_photos_that_are_kept_while_others_are_cleared_are_all_there(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path / "photos")
    names = [f"ab{number:062}" for number in range(40)]
    for name in names:
        store.keep(name, b"old")
        os.utime(store.path(name), (0, 0))
    with ThreadPoolExecutor(4) as pool:
        clearing = [pool.submit(store.clear, set(), time.time() - 60) for _ in range(8)]
        list(pool.map(lambda name: store.keep(name, b"new"), names))
        assert sum(own.result() for own in clearing) <= len(names)
    assert all(store.has(name) for name in names)
