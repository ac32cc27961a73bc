"""The drawn eProduct: the layout, categories from the data, a long tail, unlabelled queries, distractors."""

import csv
import hashlib
from collections import Counter
from itertools import islice
from pathlib import Path
from uuid import UUID

import pytest

from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.check import check
from engine.catalogue.row import Row
from engine.preprocess import Preprocessing
from index_builder.submission import read_submission
from twinshot.sample.eproduct import TRUTH, write_eproduct
from twinshot.sample.listings import TAIL, Size, listings

SMALL = Size(meta=2, level2=3, leaves=8, train=40, val=8, index=60, queries=12)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_eproduct(tmp_path_factory.mktemp("eproduct"), SMALL, seed=1)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real hierarchy, without photos."""
    size = Size(train=40_000, val=1000, index=5000, queries=1000)
    return write_eproduct(tmp_path_factory.mktemp("wide"), size, photos=False)


def table(folder: Path, split: str) -> list[dict[str, str]]:
    with (folder / "metadata" / f"{split}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_tables_have_the_columns_of_the_layout(small: Path) -> None:
    headers = {path.name: path.read_text().splitlines()[0] for path in (small / "metadata").iterdir()}
    labels = "UUID,IMAGE_PATH,AUCT_TITL,META_CATEG_ID,CATEG_LVL2_ID,LEAF_CATEG_ID"
    unlabelled = "UUID,IMAGE_PATH"
    assert headers == {
        "train.csv": labels,
        "val.csv": labels,
        "index.csv": unlabelled,
        "query_part1.csv": unlabelled,
    }


def test_every_photo_lies_under_its_split_by_its_uuid(small: Path) -> None:
    for split in ("train", "val", "index", "query_part1"):
        for row in table(small, split):
            assert str(UUID(row["UUID"])) == row["UUID"]
            assert row["IMAGE_PATH"] == f"{split}/{row['UUID']}.JPEG"
            assert (small / "Images" / row["IMAGE_PATH"]).is_file()


def test_our_reader_takes_all_of_it(small: Path) -> None:
    checked = check(open_catalogue(small), Preprocessing(), threads=1)
    assert checked.bad == []
    assert checked.splits == {"train": 40, "val": 8, "index": 60, "query": 12}
    assert checked.hierarchy == {"meta": 2, "level2": 3, "leaf": 8}
    assert checked.duplicates, "shops list the same picture again"
    assert all({row.split for row in group} == {"index"} for group in checked.duplicates)


def test_the_categories_are_read_from_the_data_whose_numbers_overlap_between_levels(wide: Path) -> None:
    rows = [entry for entry in open_catalogue(wide, splits={"train"}).entries() if isinstance(entry, Row)]
    assert [len({row.category[: level + 1] for row in rows}) for level in range(3)] == [16, 75, 1000]
    assert {row.category[0] for row in rows} < {row.category[2] for row in rows}


def test_leaves_have_a_long_tail(wide: Path) -> None:
    photos = Counter(row["LEAF_CATEG_ID"] for row in table(wide, "train"))
    assert TAIL / 2 < max(photos.values()) / min(photos.values()) < 2 * TAIL


def test_titles_say_what_the_category_does_not(small: Path) -> None:
    rows = table(small, "train")
    in_one_leaf = [row["AUCT_TITL"] for row in rows if row["LEAF_CATEG_ID"] == rows[0]["LEAF_CATEG_ID"]]
    assert len(set(in_one_leaf)) > 1
    assert any('"' in row["AUCT_TITL"] for row in rows)


def test_the_truth_answers_every_query_from_the_index_with_fewer_and_more_than_ten_photos(wide: Path) -> None:
    truth = read_submission(wide / TRUTH)
    index = [row["UUID"] for row in table(wide, "index")]
    assert list(truth) == [row["UUID"] for row in table(wide, "query_part1")]
    right = {photo for photos in truth.values() for photo in photos}
    assert right < set(index), "without distractors there is nothing to tell apart"
    assert min(map(len, truth.values())) == 1
    assert max(map(len, truth.values())) > 10
    assert len(right & set(index[:100])) < 100, "the right photos are mixed with the others"


def test_the_right_photos_show_the_query_s_product_in_another_take(small: Path) -> None:
    truth = read_submission(small / TRUTH)
    shown = {own.uuid: own for own in listings(SMALL, seed=1)}
    for query, photos in truth.items():
        own = shown[query]
        same = {own.uuid for own in shown.values() if own.split == "index" and own.design == shown[query].design}
        assert set(photos) == same
        assert all(shown[photo].take != own.take for photo in photos)
    trained = {own.design.title for own in shown.values() if own.split in ("train", "val")}
    assert not trained & {shown[query].design.title for query in truth}


def test_equal_arguments_give_equal_bytes(small: Path, tmp_path: Path) -> None:
    def digest(folder: Path) -> str:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        told = "".join(f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)
        return hashlib.sha256(told.encode()).hexdigest()

    assert digest(write_eproduct(tmp_path / "again", SMALL, seed=1)) == digest(small)
    other = islice(listings(SMALL, seed=2), 5)
    assert {own.uuid for own in other}.isdisjoint(row["UUID"] for row in table(small, "train"))


@pytest.mark.parametrize(
    "wrong", [{"leaves": 1153, "train": 5000}, {"meta": 80}, {"train": 999}, {"queries": 5000}, {"index": 100}]
)
def test_a_size_that_cannot_be_drawn_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="Size"):
        Size(**wrong)
