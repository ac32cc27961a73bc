"""`check`: every reason for a bad row, what stays good, and the real catalogues."""

import csv
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from engine.catalogue.bad_row import BadRow, Reason, write_bad_rows
from engine.catalogue.catalogue import Catalogue, open_catalogue
from engine.catalogue.check import Checked, check, require_good
from engine.catalogue.row import Row
from engine.errors import CatalogueError
from engine.preprocess import Preprocessing

Draw = Callable[..., Path]
Table = Callable[..., Path]
SMALL = Preprocessing(max_bytes=50_000, max_pixels=10_000)


def looked(path: Path, photos: bool = True) -> Checked:
    return check(open_catalogue(path), SMALL, photos=photos, threads=2)


def only_bad(checked: Checked) -> BadRow:
    (bad,) = checked.bad
    return bad


def test_good_rows_come_in_order_and_count(draw: Draw, table: Table) -> None:
    for number in range(40):
        draw(f"{number}.jpg", (0, 6 * number, 0))
    checked = looked(table("image,product_id", *(f"{number}.jpg,P{number // 2}" for number in range(40))))
    assert [row.number for row in checked.rows] == list(range(1, 41))
    assert (checked.bad, checked.duplicates, checked.products) == ([], [], 20)


def test_a_missing_file_is_bad(draw: Draw, table: Table) -> None:
    draw("a.jpg")
    bad = only_bad(looked(table("image", "a.jpg", "b.jpg")))
    assert (bad.file, bad.number, bad.image, bad.reason) == ("catalogue.csv", 2, "b.jpg", Reason.MISSING_FILE)
    assert str(bad).startswith("row 2 of catalogue.csv: image 'b.jpg' not found in ")
    assert "--images" in str(bad)


def test_a_folder_in_place_of_a_photo_is_a_missing_file(draw: Draw, table: Table) -> None:
    draw("a/x.jpg")
    assert only_bad(looked(table("image", "a"))).reason is Reason.MISSING_FILE


def test_a_truncated_photo_is_unreadable(draw: Draw, table: Table) -> None:
    photo = draw("a.jpg", size=(90, 90))
    photo.write_bytes(photo.read_bytes()[:-200])
    assert only_bad(looked(table("image", "a.jpg"))).reason is Reason.UNREADABLE


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>"])
def test_a_file_that_is_no_photo_is_unreadable(table: Table, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    assert only_bad(looked(table("image", "a.jpg"))).reason is Reason.UNREADABLE


def test_a_name_that_the_file_system_refuses_is_unreadable(table: Table) -> None:
    bad = only_bad(looked(table("image", "x" * 5000)))
    assert (bad.reason, "File name too long" in bad.message) == (Reason.UNREADABLE, True)


def test_a_photo_of_too_many_bytes_or_pixels_is_too_large(draw: Draw, table: Table, tmp_path: Path) -> None:
    draw("a.jpg", size=(101, 100))
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8" + b"x" * 60_000)
    checked = looked(table("image", "a.jpg", "b.jpg"))
    assert [bad.reason for bad in checked.bad] == [Reason.TOO_LARGE] * 2
    assert "10,100 pixels" in checked.bad[0].message or "101 × 100 pixels" in checked.bad[0].message
    assert "60,002 bytes" in checked.bad[1].message


def test_an_image_of_another_type_is_unsupported(table: Table, tmp_path: Path) -> None:
    file = BytesIO()
    Image.new("RGB", (20, 20)).save(file, "PPM")
    (tmp_path / "a.jpg").write_bytes(file.getvalue())
    bad = only_bad(looked(table("image", "a.jpg")))
    assert (bad.reason, "PPM" in bad.message) == (Reason.UNSUPPORTED_TYPE, True)


def test_a_photo_outside_of_the_folder_is_bad(draw: Draw, table: Table, tmp_path: Path) -> None:
    draw("a.jpg")
    (tmp_path / "photos").mkdir()
    catalogue = open_catalogue(table("image", "../a.jpg"), images=tmp_path / "photos")
    assert only_bad(check(catalogue, SMALL, threads=1)).reason is Reason.OUTSIDE_FOLDER


def test_the_second_row_of_an_image_id_is_bad(draw: Draw, table: Table) -> None:
    draw("a.jpg")
    bad = only_bad(looked(table("image,image_id", "a.jpg,1", "a.jpg,2", "a.jpg,1")))
    assert (bad.number, bad.reason) == (3, Reason.DUPLICATE_IMAGE_ID)
    assert "image id '1' stands in row 1 of catalogue.csv too" in bad.message


def test_a_bad_row_takes_no_image_id_from_a_good_one(draw: Draw, table: Table) -> None:
    draw("a.jpg")
    checked = looked(table("image,image_id", "none.jpg,1", "a.jpg,1"))
    assert [row.number for row in checked.rows] == [2]


def test_a_product_in_two_categories_is_bad_from_the_second_on(draw: Draw, table: Table) -> None:
    draw("a.jpg")
    lines = ["a.jpg,1,P1,Shoes,Boots", "a.jpg,2,P1,Shoes,Sandals", "a.jpg,3,P1,Shoes,Boots", "a.jpg,4,P2,Shoes,Sandals"]
    bad = only_bad(looked(table("image,image_id,product_id,meta,leaf", *lines)))
    assert (bad.number, bad.reason) == (2, Reason.TWO_CATEGORIES)
    assert "product 'P1' stands in Shoes/-/Boots and Shoes/-/Sandals" in bad.message


def test_a_product_labelled_at_fewer_levels_contradicts_nothing(draw: Draw, table: Table) -> None:
    draw("a.jpg")
    lines = ["a.jpg,1,P1,Shoes,", "a.jpg,2,P1,,", "a.jpg,3,P1,Shoes,Boots", "a.jpg,4,P1,Shoes,Sandals"]
    checked = looked(table("image,image_id,product_id,meta,leaf", *lines))
    assert [row.number for row in checked.rows] == [1, 2, 3]
    assert only_bad(checked).number == 4


def test_rows_with_a_fault_of_structure_are_among_the_bad(draw: Draw, table: Table) -> None:
    draw("a.jpg")
    checked = looked(table("image,image_id", "a.jpg,1", ",2", "a.jpg,", "a.jpg"))
    assert [(bad.number, bad.reason) for bad in checked.bad] == [
        (2, Reason.EMPTY_IMAGE),
        (3, Reason.EMPTY_IMAGE_ID),
        (4, Reason.MALFORMED),
    ]
    assert checked.reasons == {Reason.EMPTY_IMAGE: 1, Reason.EMPTY_IMAGE_ID: 1, Reason.MALFORMED: 1}


def test_byte_identical_photos_are_grouped(draw: Draw, table: Table) -> None:
    draw("a.jpg")
    draw("b.jpg", (0, 99, 0))
    draw("c.jpg")
    checked = looked(table("image", "a.jpg", "b.jpg", "c.jpg"))
    assert [[row.image for row in group] for group in checked.duplicates] == [["a.jpg", "c.jpg"]]
    assert len(checked.rows) == 3


def test_without_photos_only_their_presence_is_looked_at(table: Table, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    checked = looked(table("image", "a.jpg", "b.jpg"), photos=False)
    assert [row.image for row in checked.rows] == ["a.jpg"]
    assert only_bad(checked).reason is Reason.MISSING_FILE
    assert not checked.photos


def test_splits_levels_and_hierarchy_are_counted(draw: Draw, table: Table) -> None:
    for name in "abcd":
        draw(f"{name}.jpg")
    lines = ["a.jpg,train,Shoes,Boots", "b.jpg,train,Shoes,Sandals", "c.jpg,val,Shoes,", "d.jpg,,,"]
    checked = looked(table("image,split,meta,leaf", *lines))
    assert checked.splits == {"train": 2, "val": 1, None: 1}
    assert checked.hierarchy == {"meta": 1, "level2": 0, "leaf": 2}
    assert checked.labelled == {"meta": 3, "level2": 0, "leaf": 2}


def test_strict_makes_bad_rows_an_error_that_counts_them_and_names_the_first(draw: Draw, table: Table) -> None:
    draw("a.jpg")
    checked = looked(table("image", "a.jpg", "x.jpg", "y.jpg"))
    require_good(checked, strict=False)
    with pytest.raises(
        CatalogueError, match=r"2 of 3 rows cannot be used \(2 missing_file\); the first: row 2 of"
    ) as caught:
        require_good(checked, strict=True)
    assert "\n" not in str(caught.value)


def test_no_good_row_left_is_an_error(table: Table) -> None:
    with pytest.raises(CatalogueError, match="1 of 1 row cannot be used"):
        require_good(looked(table("image", "x.jpg")), strict=False)
    with pytest.raises(CatalogueError, match="has no rows"):
        require_good(looked(table("image")), strict=False)


def test_bad_rows_are_written_as_csv(tmp_path: Path) -> None:
    bad = BadRow("c.csv", 7, 'a "b",c.jpg', Reason.MISSING_FILE, "not found, é")
    write_bad_rows(tmp_path / "new" / "bad.csv", [bad])
    with (tmp_path / "new" / "bad.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["file", "row", "image", "reason", "message"],
        ["c.csv", "7", 'a "b",c.jpg', "missing_file", "not found, é"],
    ]


def test_no_more_than_a_few_photos_are_held_at_a_time(draw: Draw, table: Table) -> None:
    """The rows are read no further ahead of the answers than a few for each thread."""
    draw("a.jpg")
    opened = open_catalogue(table("image,image_id", *(f"a.jpg,{number}" for number in range(200))))
    started, gaps = 0, []

    def entries() -> Iterator[Row | BadRow]:
        nonlocal started
        for entry in opened.entries():
            started += 1
            yield entry

    counted = Catalogue(opened.name, opened.photos, entries)
    check(counted, SMALL, threads=2, progress=lambda done: gaps.append(started - done))
    assert len(gaps) == 200
    assert max(gaps) <= 8


@pytest.mark.shared
def test_the_grocery_catalogue_is_as_described(shared: Path) -> None:
    checked = check(open_catalogue(shared / "data" / "grocery"), Preprocessing(), threads=2)
    assert (len(checked.rows), checked.bad) == (4282, [])
    assert checked.splits == {"train": 2640, "val": 1265, "test": 296, "iconic": 81}
    assert checked.hierarchy == {"meta": 3, "level2": 43, "leaf": 81}
    assert checked.products == 81


@pytest.mark.shared
def test_the_clothing_catalogue_is_as_described(shared: Path) -> None:
    checked = check(open_catalogue(shared / "data" / "clothing"), Preprocessing(), threads=2)
    assert (len(checked.rows), checked.bad) == (3781, [])
    assert checked.splits == {"train": 3068, "val": 341, "test": 372}
    assert (checked.hierarchy["level2"], checked.hierarchy["leaf"], checked.products) == (10, 0, 0)
