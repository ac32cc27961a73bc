"""Photos of changes: kept under their SHA-256, deleted only when nobody needs them."""

import hashlib
import time
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


def test_a_missing_photo_is_one_line_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"photos/aa/a+ is missing; restore it"):
        PhotoStore(tmp_path / "photos").read("a" * 64)


def test_only_old_photos_that_nobody_needs_are_deleted(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path / "photos")
    for name in ("a", "b"):
        store.keep(name * 64, b"photo")
    now = time.time()
    assert store.clear({"a" * 64}, before=now - 60) == 0
    assert store.clear({"a" * 64}, before=now + 60) == 1
    assert (store.has("a" * 64), store.has("b" * 64)) == (True, False)
