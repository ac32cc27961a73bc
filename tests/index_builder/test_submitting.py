"""`twinshot submit`: a line for every query, the ten nearest photos, and what happens to bad queries."""

import csv
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.generation import open_generation
from engine.bundle.store import current
from engine.catalogue.catalogue import open_catalogue
from engine.codes import binarise, direction, similarity
from engine.encoder import Encoder
from engine.errors import BundleError, CatalogueError, InputError
from engine.preprocess import load
from index_builder.indexing import Order, index
from index_builder.progress import Progress
from index_builder.submission import read_submission
from index_builder.submitting import Questions, Submitted, submit

Answer = Callable[..., tuple[Submitted, dict[str, list[str]]]]


@pytest.fixture
def catalogue(tmp_path: Path, tiny_catalogue: Path) -> Path:
    """A catalogue that a test may change."""
    return shutil.copytree(tiny_catalogue.parent, tmp_path / "catalogue") / "catalogue.csv"


@pytest.fixture
def answer(tmp_path: Path, tiny_bundle: Path) -> Answer:
    """Submits a catalogue's `test` photos to the tiny bundle, or to another."""

    def run(catalogue: Path, bundles: Path = tiny_bundle, **options: object) -> tuple[Submitted, dict[str, list[str]]]:
        asked = Questions(catalogue, ("test",), **options)  # type: ignore[arg-type]
        done = submit(bundles, asked, tmp_path / "submission.csv", None, 2, Progress())
        return done, read_submission(tmp_path / "submission.csv")

    return run


def without(catalogue: Path, *image_ids: str) -> None:
    """Take the photos' bytes away."""
    for image_id in image_ids:
        (catalogue.parent / "photos" / f"{image_id}.jpg").write_bytes(b"not a photo")


def add_row(catalogue: Path, image: str, image_id: str) -> None:
    with catalogue.open("a", newline="") as file:
        csv.writer(file).writerow([image, image_id, "P00", "meta0", "level0", "leaf0", "", "test"])


def test_each_query_has_its_ten_nearest_photos_by_rescored_similarity(
    answer: Answer, tiny_bundle: Path, tiny_catalogue: Path
) -> None:
    done, lines = answer(tiny_catalogue)
    generation = open_generation(tiny_bundle / current(tiny_bundle))
    encoder = Encoder(generation.folder)
    _, images = generation.ids(np.arange(60))
    opened = open_catalogue(tiny_catalogue, splits={"test"})
    rows = list(opened.rows())
    assert list(lines) == [row.image_id for row in rows]
    for row in rows:
        pixels = load(opened.read(row), encoder.card.preprocessing)
        embedding = encoder.encode(pixels[None]).embeddings[0]
        codes = generation.codes(np.arange(60))
        similarities = similarity(direction(embedding, generation.thresholds), codes)
        distances = np.bitwise_count(codes ^ binarise(embedding, generation.thresholds)).sum(axis=1)
        keys = sorted(zip((-similarities).tolist(), distances.tolist(), images, strict=True))
        assert lines[row.image_id] == [key[-1] for key in keys[:10]]
    assert (done.queries, done.photos, done.empty, done.bad) == (20, 60, 0, [])


def test_photos_of_one_product_are_not_grouped(answer: Answer, tiny_catalogue: Path) -> None:
    _, lines = answer(tiny_catalogue)
    assert any(len({photo.split("-")[0] for photo in photos}) < 10 for photos in lines.values())


def test_a_query_whose_photo_cannot_be_used_has_an_empty_list_and_is_listed(answer: Answer, catalogue: Path) -> None:
    without(catalogue, "P03-q0")
    (catalogue.parent / "photos" / "P05-q0.jpg").unlink()
    done, lines = answer(catalogue)
    assert len(lines) == 20
    assert [query for query, photos in lines.items() if not photos] == ["P03-q0", "P05-q0"]
    assert done.empty == 2
    with done.bad_file.open(newline="") as file:
        assert {row["image"] for row in csv.DictReader(file)} == {"photos/P03-q0.jpg", "photos/P05-q0.jpg"}
    without(catalogue, "P05-q0")
    shutil.copy(catalogue.parent / "photos" / "P03-0.jpg", catalogue.parent / "photos" / "P03-q0.jpg")
    shutil.copy(catalogue.parent / "photos" / "P05-0.jpg", catalogue.parent / "photos" / "P05-q0.jpg")
    done, _ = answer(catalogue)
    assert not done.bad_file.exists(), "an older list of bad rows would be taken for this file's"


def test_strictly_a_bad_query_is_an_error_and_nothing_is_written(
    answer: Answer, catalogue: Path, tmp_path: Path
) -> None:
    without(catalogue, "P03-q0")
    with pytest.raises(CatalogueError, match=r"1 of 20 queries cannot be used; the first: row 16 of"):
        answer(catalogue, strict=True)
    assert not (tmp_path / "submission.csv").exists()


def test_without_any_usable_query_nothing_is_written(answer: Answer, catalogue: Path, tmp_path: Path) -> None:
    without(catalogue, *(f"P{product:02}-q0" for product in range(20)))
    with pytest.raises(CatalogueError, match="20 of 20 queries cannot be used"):
        answer(catalogue)
    assert not (tmp_path / "submission.csv").exists()


def test_a_query_id_that_stands_twice_has_one_line_its_first_row_s(answer: Answer, catalogue: Path) -> None:
    _, before = answer(catalogue)
    add_row(catalogue, "photos/P19-q0.jpg", "P00-q0")
    done, lines = answer(catalogue)
    assert lines == before
    assert [(row.number, row.reason.value) for row in done.bad] == [(81, "duplicate_image_id")]
    assert done.empty == 0


def test_of_fewer_than_ten_photos_all_are_the_answer(
    answer: Answer, catalogue: Path, tiny_model: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small.csv"
    small.write_text("".join(catalogue.read_text().splitlines(keepends=True)[:4]))
    index(Order(small, tiny_model, tmp_path / "few", images=catalogue.parent), Progress())
    done, lines = answer(catalogue, tmp_path / "few")
    assert done.photos == 3
    assert all(sorted(photos) == ["P00-0", "P00-1", "P00-2"] for photos in lines.values())


def test_a_generation_without_photos_is_refused(
    answer: Answer, catalogue: Path, tiny_model: Path, tmp_path: Path
) -> None:
    index(Order(None, tiny_model, tmp_path / "none"), Progress())
    with pytest.raises(BundleError, match="has no photos; index a catalogue"):
        answer(catalogue, tmp_path / "none")


def test_ids_that_the_file_cannot_hold_are_refused_before_a_photo_is_encoded(
    answer: Answer, catalogue: Path, tmp_path: Path
) -> None:
    add_row(catalogue, "photos/P19-q0.jpg", "P00 q0")
    with pytest.raises(InputError, match="the query id 'P00 q0' has a blank"):
        answer(catalogue)
    assert not list(tmp_path.glob("submission*"))


def test_a_split_that_is_not_there_is_named_with_those_that_are(tiny_bundle: Path, tiny_catalogue: Path) -> None:
    with pytest.raises(CatalogueError, match="no row is of --query-splits query; the catalogue has test, train"):
        submit(tiny_bundle, Questions(tiny_catalogue), Path("never.csv"), None, 1, Progress())


class StoppedAtSearch(Progress):
    """A run that ends when all queries are encoded."""

    def counting(self, name: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        if name == "search":
            raise KeyboardInterrupt
        return super().counting(name, total)


def test_a_run_that_was_stopped_goes_on_with_what_it_had_encoded(
    answer: Answer, tiny_bundle: Path, tiny_catalogue: Path, tmp_path: Path
) -> None:
    kept = []
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            submit(
                tiny_bundle,
                Questions(tiny_catalogue, ("test",)),
                tmp_path / "submission.csv",
                None,
                2,
                StoppedAtSearch(),
            )
        kept.append(sorted((tmp_path / "submission.csv.encoded").rglob("*.arrow")))
    assert len(kept[0]) == 1
    assert kept[0] == kept[1], "the second run encoded photos again"
    answer(tiny_catalogue)
    assert [path.name for path in tmp_path.glob("submission*")] == ["submission.csv"]


def test_what_is_ahead_is_said_before_it_begins(
    answer: Answer, tiny_catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(tiny_catalogue)
    said = capsys.readouterr().err
    assert "plan: 20 queries against 60 photos: up to 0 s to encode, about 0 s to search" in said
    assert said.index("plan:") < said.index("encode queries: 20 of 20")
