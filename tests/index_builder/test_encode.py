"""Photos through the model into the cache."""

import csv
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.catalogue.bad_row import Reason
from engine.catalogue.catalogue import Catalogue, open_catalogue
from engine.catalogue.row import Row
from engine.encoder import Encoder
from engine.preprocess import load
from index_builder.cache import PhotoCache
from index_builder.encode import BATCH, EncodedRows, encode_rows
from tests.tiny_model import write_model


@pytest.fixture
def catalogue(tmp_path: Path, tiny_catalogue: Path) -> Path:
    """A catalogue that a test may change."""
    return shutil.copytree(tiny_catalogue.parent, tmp_path / "catalogue") / "catalogue.csv"


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> Encoder:
    return Encoder(tiny_model)


def encode(
    catalogue: Path, encoder: Encoder, folder: Path, thumbs: bool = False
) -> tuple[EncodedRows, PhotoCache, Catalogue]:
    opened = open_catalogue(catalogue)
    rows = [row for row in opened.rows() if row.indexed]
    cache = PhotoCache(folder, encoder.card.bits, encoder.card.features, thumbs)
    counted: list[int] = []
    encoded = encode_rows(opened, rows, encoder, cache, 2, lambda: counted.append(1))
    assert len(counted) == len(rows)
    return encoded, cache, opened


def embedding(encoder: Encoder, opened: Catalogue, row: Row) -> np.ndarray:
    return encoder.encode(load(opened.read(row), encoder.card.preprocessing)[None]).embeddings[0]


def test_every_photo_has_the_embedding_that_the_model_gives_it_alone(
    catalogue: Path, encoder: Encoder, tmp_path: Path
) -> None:
    encoded, cache, opened = encode(catalogue, encoder, tmp_path / "cache")
    assert len(encoded.rows) == encoded.encoded == 60 > BATCH
    stored = cache.array(encoded.digests, "embedding")
    for place in (0, 31, 32, 59):
        row = encoded.rows[place]
        assert encoded.digests[place].tobytes() == hashlib.sha256(opened.read(row)).digest()
        np.testing.assert_allclose(stored[place], embedding(encoder, opened, row), atol=1e-5)


def test_a_second_run_encodes_nothing(catalogue: Path, encoder: Encoder, tmp_path: Path) -> None:
    first, *_ = encode(catalogue, encoder, tmp_path / "cache")
    again, *_ = encode(catalogue, encoder, tmp_path / "cache")
    assert again.encoded == 0
    assert (again.digests == first.digests).all()


def test_a_rebuild_encodes_only_the_photos_that_are_new(catalogue: Path, encoder: Encoder, tmp_path: Path) -> None:
    encode(catalogue, encoder, tmp_path / "cache")
    Image.new("RGB", (90, 90), "teal").save(catalogue.parent / "photos" / "P03-1.jpg")
    again, cache, opened = encode(catalogue, encoder, tmp_path / "cache")
    assert again.encoded == 1
    place = next(i for i, row in enumerate(again.rows) if row.image_id == "P03-1")
    stored = cache.array(again.digests[place : place + 1], "embedding")[0]
    np.testing.assert_allclose(stored, embedding(encoder, opened, again.rows[place]), atol=1e-5)


def test_byte_identical_photos_are_encoded_once(catalogue: Path, encoder: Encoder, tmp_path: Path) -> None:
    photos = catalogue.parent / "photos"
    for name in ("P01-0", "P01-1", "P19-2"):
        shutil.copyfile(photos / "P00-0.jpg", photos / f"{name}.jpg")
    encoded, *_ = encode(catalogue, encoder, tmp_path / "cache")
    assert (len(encoded.rows), encoded.encoded, encoded.duplicates) == (60, 57, 3)


def test_photos_that_cannot_be_used_become_bad_rows_and_so_do_their_copies(
    catalogue: Path, encoder: Encoder, tmp_path: Path
) -> None:
    photos = catalogue.parent / "photos"
    whole = (photos / "P00-0.jpg").read_bytes()
    (photos / "P00-0.jpg").write_bytes(whole[: len(whole) // 2])
    shutil.copyfile(photos / "P00-0.jpg", photos / "P07-1.jpg")
    (photos / "P00-1.jpg").unlink()
    (photos / "P00-2.jpg").write_bytes(b"")
    Image.new("1", (9000, 9000)).save(photos / "P01-0.jpg", "PNG")
    Image.new("RGB", (9, 9)).save(photos / "P01-1.jpg", "PPM")
    encoded, *_ = encode(catalogue, encoder, tmp_path / "cache")
    assert [(Path(bad.image).stem, bad.reason) for bad in encoded.bad] == [
        ("P00-0", Reason.UNREADABLE),
        ("P00-1", Reason.MISSING_FILE),
        ("P00-2", Reason.UNREADABLE),
        ("P01-0", Reason.TOO_LARGE),
        ("P01-1", Reason.UNSUPPORTED_TYPE),
        ("P07-1", Reason.UNREADABLE),
    ]
    assert len(encoded.rows) == len(encoded.digests) == 54
    assert all("\n" not in str(bad) and str(bad).count(bad.image) == 1 for bad in encoded.bad)


def test_a_file_beyond_the_byte_limit_is_not_even_read(catalogue: Path, encoder: Encoder, tmp_path: Path) -> None:
    with (catalogue.parent / "photos" / "P00-0.jpg").open("wb") as file:
        file.truncate(encoder.card.preprocessing.max_bytes + 1)
    encoded, *_ = encode(catalogue, encoder, tmp_path / "cache")
    assert [bad.reason for bad in encoded.bad] == [Reason.TOO_LARGE]


def test_what_was_encoded_before_an_error_is_kept(catalogue: Path, encoder: Encoder, tmp_path: Path) -> None:
    opened = open_catalogue(catalogue)
    rows = [row for row in opened.rows() if row.indexed]
    cache = PhotoCache(tmp_path / "cache", encoder.card.bits)
    calls = iter(range(BATCH + 8))
    with pytest.raises(StopIteration):
        encode_rows(opened, rows, encoder, cache, 2, lambda: next(calls) and None)
    assert len(PhotoCache(tmp_path / "cache", encoder.card.bits)) == BATCH


def test_thumbnails_of_a_model_with_small_pixels_keep_their_size(tmp_path: Path) -> None:
    # the model's own decoding asks for 72 pixels, so libjpeg gives it an eighth of this photo
    (tmp_path / "photos").mkdir()
    Image.effect_mandelbrot((1600, 1200), (-2, -1, 1, 1), 50).convert("RGB").save(tmp_path / "photos" / "a.jpg")
    with (tmp_path / "catalogue.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["image"], ["photos/a.jpg"]])
    encoder = Encoder(write_model(tmp_path / "model"))
    encoded, cache, _ = encode(tmp_path / "catalogue.csv", encoder, tmp_path / "cache", thumbs=True)
    (tmp_path / "thumb.webp").write_bytes(next(cache.thumbnails(encoded.digests)))
    with Image.open(tmp_path / "thumb.webp") as thumb:
        assert thumb.size == (256, 192)
