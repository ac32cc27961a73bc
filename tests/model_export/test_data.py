import threading
import time

import numpy as np
import pytest
import torch

from engine.catalogue.row import Row
from engine.errors import CatalogueError
from engine.preprocess import Preprocessing, load
from model_export import data
from model_export.data import TrainingPhotos, search_batches
from model_export.recipe import Recipe
from model_export.sampler import View
from tests.model_export.drawn import Drawn, draw_catalogue

SPEC = Preprocessing(size=48, resize=56)


@pytest.fixture
def drawn() -> Drawn:
    return draw_catalogue()


def views(drawn: Drawn) -> list[list[View]]:
    return [[View(row, view) for row in range(start, start + 6)] for start in (0, 6, 12) for view in (0, 1)]


def test_photos_come_in_the_order_asked_for_as_the_search_sees_them(drawn: Drawn) -> None:
    rows = drawn.rows[:11]
    seen = list(search_batches(rows, drawn.read, SPEC, batch=4, threads=3))
    assert [row for piece, _ in seen for row in piece] == rows
    expected = np.stack([load(drawn.photos[row.image], SPEC) for row in rows])
    assert np.array_equal(torch.cat([pixels for _, pixels in seen]).numpy(), expected)


@pytest.mark.parametrize("threads", [2, 5])
def test_training_views_do_not_depend_on_the_number_of_threads(drawn: Drawn, threads: int) -> None:
    def pixels(count: int) -> torch.Tensor:
        photos = TrainingPhotos(drawn.rows, drawn.read, SPEC, size=32)
        return torch.stack([batch for _, batch in photos.batches(views(drawn), Recipe(), 1, 0, count)])

    assert torch.equal(pixels(1), pixels(threads))


def test_a_photo_that_fits_into_the_cache_is_read_once(drawn: Drawn) -> None:
    photos = TrainingPhotos(drawn.rows, drawn.read, SPEC, size=32)
    for epoch in (0, 1):
        list(photos.batches(views(drawn), Recipe(), 0, epoch, threads=1))
    assert sorted(drawn.read_ids) == sorted(row.image_id for row in drawn.rows[:18])


def test_a_full_cache_changes_nothing_but_the_reading(drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    def pixels() -> torch.Tensor:
        photos = TrainingPhotos(drawn.rows, drawn.read, SPEC, size=32)
        return torch.stack([batch for _, batch in photos.batches(views(drawn), Recipe(), 0, 0, threads=2)])

    cached = pixels()
    drawn.read_ids.clear()
    monkeypatch.setattr(data, "CACHE_BYTES", 0)
    assert torch.equal(pixels(), cached)
    assert len(drawn.read_ids) == 36


def test_large_photos_are_kept_small(drawn: Drawn) -> None:
    photos = TrainingPhotos(drawn.rows, drawn.read, SPEC, size=16)
    assert min(photos.image(0).size) == 20


@pytest.mark.parametrize("fault", [b"", b"not an image", None])
def test_a_photo_that_cannot_be_used_is_an_error_that_names_its_row(drawn: Drawn, fault: bytes | None) -> None:
    def read(row: Row) -> bytes:
        if fault is None:
            raise FileNotFoundError(row.image)
        return fault

    with pytest.raises(CatalogueError, match=r"row 1 of catalogue\.csv: '1\.png': "):
        list(search_batches(drawn.rows[:3], read, SPEC, batch=2, threads=1))


def test_reading_runs_only_a_few_batches_ahead(drawn: Drawn) -> None:
    lock = threading.Lock()
    read_ids: list[str] = []

    def read(row: Row) -> bytes:
        with lock:
            read_ids.append(row.image_id)
        return drawn.photos[row.image]

    batches = search_batches(drawn.rows, read, SPEC, batch=2, threads=2)
    next(batches)
    time.sleep(0.2)
    assert len(read_ids) <= 2 * (data.AHEAD + 1)
    batches.close()
