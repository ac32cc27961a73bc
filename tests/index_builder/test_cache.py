"""The cache of encoded photos."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BundleError
from engine.model import read_card
from index_builder import cache as cache_module
from index_builder.cache import SEGMENT_PHOTOS, PhotoCache, cache_folder, prune
from tests.tiny_model import write_model


def digest(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def digests(*numbers: int) -> np.ndarray:
    return np.frombuffer(b"".join(map(digest, numbers)), dtype=np.uint8).reshape(-1, 32)


def fill(cache: PhotoCache, *numbers: int) -> PhotoCache:
    for number in numbers:
        features = np.full(4, number + 0.5, dtype=np.float32)
        cache.add(digest(number), np.full(8, number, dtype=np.float32), features, b"thumb %d" % number)
    cache.flush()
    return cache


def test_what_was_added_is_found_by_a_later_run(tmp_path: Path) -> None:
    fill(PhotoCache(tmp_path, 8, 4, thumbs=True), 3, 1, 2)
    again = PhotoCache(tmp_path, 8, 4, thumbs=True)
    assert len(again) == 3
    assert again.known(digest(2))
    assert not again.known(digest(4))
    assert again.array(digests(2, 3, 2), "embedding")[:, 0].tolist() == [2, 3, 2]
    assert again.array(digests(1), "features").tolist() == [[1.5] * 4]
    assert list(again.thumbnails(digests(2, 1))) == [b"thumb 2", b"thumb 1"]


def test_a_photo_is_found_in_whichever_segment_it_lies(tmp_path: Path) -> None:
    cache = PhotoCache(tmp_path, 8)
    for start in range(0, 30, 3):
        fill(cache, *range(start, start + 3))
    order = np.random.default_rng(0).permutation(30)
    assert len(list(tmp_path.glob("*.arrow"))) == 10
    assert cache.array(digests(*order), "embedding")[:, 0].tolist() == order.tolist()


def test_a_full_segment_is_on_disk_before_the_flush(tmp_path: Path) -> None:
    cache = PhotoCache(tmp_path, 8)
    for number in range(SEGMENT_PHOTOS + 5):
        cache.add(digest(number), np.zeros(8, dtype=np.float32), None, None)
    assert len(PhotoCache(tmp_path, 8)) == SEGMENT_PHOTOS


def test_digests_that_end_in_zero_bytes_are_kept_apart(tmp_path: Path) -> None:
    cache = PhotoCache(tmp_path, 8)
    keys = [b"a" * 31 + b"\0", b"a" * 32, b"\0" * 32, b"a" * 30 + b"\0a"]
    for number, key in enumerate(keys):
        cache.add(key, np.full(8, number, dtype=np.float32), None, None)
    cache.flush()
    asked = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, 32)
    assert cache.array(asked, "embedding")[:, 0].tolist() == [0, 1, 2, 3]


def test_a_photo_without_a_part_that_is_wanted_counts_as_unknown(tmp_path: Path) -> None:
    fill(PhotoCache(tmp_path, 8), 1)
    assert PhotoCache(tmp_path, 8).known(digest(1))
    assert not PhotoCache(tmp_path, 8, 4).known(digest(1))
    assert not PhotoCache(tmp_path, 8, thumbs=True).known(digest(1))


def test_probabilities_are_a_part_that_only_queries_want(tmp_path: Path) -> None:
    asked = PhotoCache(tmp_path, 8, classes=3)
    asked.add(digest(1), np.zeros(8, dtype=np.float32), None, None, np.array([0.5, 0.25, 0.25], dtype=np.float32))
    asked.flush()
    assert asked.array(digests(1), "probabilities").tolist() == [[0.5, 0.25, 0.25]]
    plain = fill(PhotoCache(tmp_path, 8), 2)
    assert (plain.known(digest(1)), plain.probabilities) == (True, False)
    assert not PhotoCache(tmp_path, 8, classes=3).known(digest(2))


def test_a_photo_with_more_parts_than_wanted_is_known(tmp_path: Path) -> None:
    fill(PhotoCache(tmp_path, 8, 4, thumbs=True), 1)
    assert PhotoCache(tmp_path, 8).array(digests(1), "embedding").tolist() == [[1] * 8]


def test_a_photo_that_was_never_added_is_a_lookup_error(tmp_path: Path) -> None:
    for cache in (PhotoCache(tmp_path, 8), fill(PhotoCache(tmp_path, 8), 1)):
        with pytest.raises(LookupError):
            cache.array(digests(2), "embedding")


def test_a_damaged_segment_is_named_with_its_remedy(tmp_path: Path) -> None:
    fill(PhotoCache(tmp_path, 8), 1)
    path = next(tmp_path.glob("*.arrow"))
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(BundleError, match=rf"{path.name} is damaged .*; delete it: its photos are then encoded again"):
        PhotoCache(tmp_path, 8)


def test_another_model_and_another_preprocessing_have_their_own_folders(tmp_path: Path) -> None:
    models = {"a": {}, "b": {"seed": 1}, "c": {"resize": 80}}
    cards = [read_card(write_model(tmp_path / name, **options)) for name, options in models.items()]
    assert len({cache_folder(tmp_path, card) for card in cards}) == 3


def test_segments_used_since_a_moment_survive_pruning(tmp_path: Path) -> None:
    root = tmp_path / cache_module.WORK_FOLDER / cache_module.CACHE_FOLDER
    cache = fill(fill(PhotoCache(root / "model", 8), 1), 2)
    fill(PhotoCache(root / "old model", 8), 3)
    for path in root.rglob("*.arrow"):
        os.utime(path, (1000, 1000))
    cache.touch(digests(2))
    assert prune(tmp_path, unused_since=2000) == 2
    assert [folder.name for folder in root.iterdir()] == ["model"]
    left = PhotoCache(root / "model", 8)
    assert (left.known(digest(1)), left.known(digest(2))) == (False, True)
