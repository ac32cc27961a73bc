"""Folder trees, the eProduct layout, photo stores, and how a format is told from a path."""

import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.catalogue.bad_row import BadRow, Reason
from engine.catalogue.catalogue import Catalogue, open_catalogue
from engine.catalogue.row import Row
from engine.errors import CatalogueError

Draw = Callable[..., Path]
Table = Callable[..., Path]


def pack(tar: Path, *photos: Path, prefix: str = "") -> Path:
    with tarfile.open(tar, "w") as file:
        for photo in photos:
            file.add(photo, prefix + photo.name)
    return tar


def test_a_folder_tree_reads_meta_level2_leaf_product(draw: Draw, tmp_path: Path) -> None:
    draw("Shoes/Boots/Chelsea/P1/1.jpg")
    draw("Shoes/Boots/Chelsea/P1/2.JPEG")
    rows = list(open_catalogue(tmp_path).rows())
    assert [row.image for row in rows] == ["Shoes/Boots/Chelsea/P1/1.jpg", "Shoes/Boots/Chelsea/P1/2.JPEG"]
    assert {row.category for row in rows} == {("Shoes", "Boots", "Chelsea")}
    assert {row.product_id for row in rows} == {"P1"}
    assert rows[0].image_id == "Shoes~Boots~Chelsea~P1~1"
    assert rows[1].where == f"row 2 of {tmp_path.name}"


@pytest.mark.parametrize(
    ("photo", "category", "product"),
    [
        ("1.jpg", (None, None, None), None),
        ("P1/1.jpg", (None, None, None), "P1"),
        ("Shoes/P1/1.jpg", ("Shoes", None, None), "P1"),
        ("Shoes/Boots/P1/1.jpg", ("Shoes", "Boots", None), "P1"),
    ],
)
def test_a_shallower_tree_has_the_product_last_and_categories_from_the_top(
    draw: Draw, tmp_path: Path, photo: str, category: tuple[str | None, ...], product: str | None
) -> None:
    draw(photo)
    (row,) = open_catalogue(tmp_path).rows()
    assert (row.category, row.product_id) == (category, product)


def test_other_files_and_deeper_folders_of_a_tree_are_bad_rows(draw: Draw, tmp_path: Path) -> None:
    draw("a/b/c/d/e/1.jpg")
    (tmp_path / "README.txt").write_text("hello")
    draw(".thumbs/1.jpg")
    (tmp_path / "a" / ".DS_Store").write_text("")
    draw("b\udce9/1.jpg")
    entries = list(open_catalogue(tmp_path).entries())
    assert all(isinstance(entry, BadRow) for entry in entries)
    found = [(entry.image, entry.reason) for entry in entries if isinstance(entry, BadRow)]
    assert found == [
        ("README.txt", Reason.UNSUPPORTED_TYPE),
        ("a/b/c/d/e/1.jpg", Reason.MALFORMED),
        ("b\N{REPLACEMENT CHARACTER}/1.jpg", Reason.NOT_UTF8),
    ]


@pytest.fixture
def eproduct(draw: Draw, table: Table, tmp_path: Path) -> Path:
    labels = "UUID,IMAGE_PATH,AUCT_TITL,META_CATEG_ID,CATEG_LVL2_ID,LEAF_CATEG_ID"
    (tmp_path / "metadata").mkdir()
    table(labels, "u1,train/u1.JPEG,A boot,1,12,123", name="metadata/train.csv")
    table(labels, "u2,val/u2.JPEG,A shoe,1,12,124", name="metadata/val.csv")
    table("UUID,IMAGE_PATH", "u3,Images/index/u3.JPEG", name="metadata/index.csv")
    table("UUID,IMAGE_PATH", "u4,query/u4.JPEG", ",query/u5.JPEG", name="metadata/query_part1.csv")
    for number, name in enumerate(("train/u1", "val/u2", "index/u3", "query/u4")):
        draw(f"Images/{name}.JPEG", (number, 0, 0))
    return tmp_path


def test_the_eproduct_layout_is_read(eproduct: Path) -> None:
    catalogue = open_catalogue(eproduct)
    rows = [entry for entry in catalogue.entries() if isinstance(entry, Row)]
    assert [(row.image_id, row.split, row.file) for row in rows] == [
        ("u1", "train", "metadata/train.csv"),
        ("u2", "val", "metadata/val.csv"),
        ("u3", "index", "metadata/index.csv"),
        ("u4", "query", "metadata/query_part1.csv"),
    ]
    assert [row.category for row in rows] == [("1", "12", "123"), ("1", "12", "124"), (None,) * 3, (None,) * 3]
    assert [row.product_id for row in rows] == [None] * 4
    assert rows[0].title == "A boot"
    assert all(catalogue.read(row).startswith(b"\xff\xd8") for row in rows)


def test_of_eproduct_only_the_index_is_indexed_and_not_the_training_photos(eproduct: Path) -> None:
    def indexed() -> list[bool]:
        return [entry.indexed for entry in open_catalogue(eproduct).entries() if isinstance(entry, Row)]

    assert indexed() == [False, False, True, False]
    (eproduct / "metadata" / "index.csv").unlink()
    assert indexed() == [True, False, False]


def test_of_some_splits_only_their_files_are_opened(eproduct: Path) -> None:
    (eproduct / "metadata" / "train.csv").write_bytes(b"not a table of photos")
    (row,) = open_catalogue(eproduct, splits={"index"}).rows()
    assert (row.image_id, row.indexed) == ("u3", True)


def test_the_caller_can_say_which_splits_are_indexed(eproduct: Path) -> None:
    rows = open_catalogue(eproduct, splits={"train", "val", "index"}, shelf={"train"}).rows()
    assert [(row.split, row.indexed) for row in rows] == [("train", True), ("val", False), ("index", False)]


def test_of_some_splits_a_table_yields_their_rows_and_every_bad_one(draw: Draw, table: Table, tmp_path: Path) -> None:
    draw("1.jpg")
    path = table("image,split", "1.jpg,val", "1.jpg,", "1.jpg,test", ",val")
    entries = list(open_catalogue(path, splits={"val", "test"}, shelf={"test"}).entries())
    assert [entry.number for entry in entries] == [1, 3, 4]
    assert [entry.indexed for entry in entries if isinstance(entry, Row)] == [False, True]


def test_a_bad_row_of_eproduct_is_named_by_its_file(eproduct: Path) -> None:
    (bad,) = (entry for entry in open_catalogue(eproduct).entries() if isinstance(entry, BadRow))
    assert (bad.file, bad.number, bad.reason) == ("metadata/query_part1.csv", 2, Reason.EMPTY_IMAGE_ID)


def test_eproduct_without_its_labels_is_an_error(eproduct: Path, table: Table) -> None:
    table("UUID,IMAGE_PATH", "u1,train/u1.JPEG", name="metadata/train.csv")
    with pytest.raises(CatalogueError, match=r"metadata/train.csv has no column 'AUCT_TITL'"):
        list(open_catalogue(eproduct).entries())


def test_a_folder_with_a_catalogue_file_is_that_catalogue(draw: Draw, table: Table, tmp_path: Path) -> None:
    draw("x/1.jpg")
    table("image,title", "x/1.jpg,one")
    (row,) = open_catalogue(tmp_path).rows()
    assert (row.title, row.product_id) == ("one", None)


def test_a_folder_with_two_catalogue_files_is_an_error(table: Table, tmp_path: Path) -> None:
    table("image")
    table('{"image": "x"}', name="catalogue.jsonl")
    with pytest.raises(CatalogueError, match=r"has catalogue.csv and catalogue.jsonl; name the one to read"):
        open_catalogue(tmp_path)


def test_a_path_of_no_known_format_is_an_error_that_lists_what_is_taken(table: Table, tmp_path: Path) -> None:
    taken = r"\.csv, \.jsonl, \.ndjson, \.parquet.*folder tree.*eProduct"
    with pytest.raises(CatalogueError, match=f"not a catalogue that is known.*{taken}"):
        open_catalogue(table("image", name="catalogue.xlsx"))
    with pytest.raises(CatalogueError, match=f"does not exist.*{taken}"):
        open_catalogue(tmp_path / "none.csv")


def test_options_that_do_not_apply_to_a_folder_are_errors(draw: Draw, tmp_path: Path) -> None:
    draw("P1/1.jpg")
    with pytest.raises(CatalogueError, match="--column is for tables"):
        open_catalogue(tmp_path, columns={"image": "x"})
    with pytest.raises(CatalogueError, match="--images is for tables"):
        open_catalogue(tmp_path, images=tmp_path)


def one_row(path: Path, images: Path | None = None) -> tuple[Catalogue, Row]:
    catalogue = open_catalogue(path, images=images)
    return catalogue, next(catalogue.rows())


def test_photos_lie_beside_the_table_unless_a_folder_is_named(draw: Draw, table: Table, tmp_path: Path) -> None:
    here, there = draw("a.jpg"), draw("elsewhere/a.jpg", (0, 0, 9))
    path = table("image", "a.jpg")
    catalogue, row = one_row(path)
    assert catalogue.read(row) == here.read_bytes()
    catalogue, row = one_row(path, tmp_path / "elsewhere")
    assert catalogue.read(row) == there.read_bytes()


def test_a_missing_photo_names_the_row_the_photo_and_the_remedy(table: Table) -> None:
    catalogue, row = one_row(table("image", "a/b.jpg"))
    with pytest.raises(CatalogueError, match=r"row 1 of catalogue.csv: image 'a/b.jpg' not found in .*use --images"):
        catalogue.read(row)


def test_a_url_for_a_photo_points_to_fetch(table: Table) -> None:
    catalogue, row = one_row(table("image", "https://shop.example/1.jpg"))
    with pytest.raises(CatalogueError, match=r"is a URL; .*twinshot fetch"):
        catalogue.read(row)


@pytest.mark.parametrize("image", ["../secret.jpg", "a/../../secret.jpg", "/etc/hostname"])
def test_a_path_that_leads_out_of_the_folder_is_never_read(
    table: Table, tmp_path: Path, draw: Draw, image: str
) -> None:
    draw("secret.jpg")
    (tmp_path / "photos").mkdir()
    catalogue, row = one_row(table("image", image), tmp_path / "photos")
    with pytest.raises(CatalogueError, match="lies outside of"):
        catalogue.read(row)


def test_an_absolute_path_inside_of_the_folder_is_read(table: Table, draw: Draw) -> None:
    photo = draw("a.jpg")
    catalogue, row = one_row(table("image", str(photo)))
    assert catalogue.read(row) == photo.read_bytes()


def test_photos_are_read_from_a_tar_file_by_many_threads(table: Table, draw: Draw, tmp_path: Path) -> None:
    photos = [draw(f"p{i}.jpg", (i, 2 * i, 255 - i)) for i in range(100)]
    tar = pack(tmp_path / "photos.tar", *photos, prefix="./x/")
    catalogue = open_catalogue(table("image", *(f"x/p{i}.jpg" for i in range(100))), images=tar)
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(catalogue.read, catalogue.rows()))
    assert read == [photo.read_bytes() for photo in photos]


def test_photos_are_read_from_several_tar_files(table: Table, draw: Draw, tmp_path: Path) -> None:
    one, two = draw("1.jpg"), draw("2.jpg", (0, 9, 0))
    pack(tmp_path / "s-0.tar", one)
    pack(tmp_path / "s-1.tar", two)
    catalogue = open_catalogue(table("image", "1.jpg", "2.jpg", "3.jpg"), images=tmp_path / "s-*.tar")
    first, second, third = catalogue.rows()
    assert [catalogue.read(first), catalogue.read(second)] == [one.read_bytes(), two.read_bytes()]
    with pytest.raises(CatalogueError, match=r"row 3 .* image '3.jpg' not found in .*s-0.tar, .*s-1.tar"):
        catalogue.read(third)


def test_a_name_in_two_tar_files_is_an_error(table: Table, draw: Draw, tmp_path: Path) -> None:
    photo = draw("1.jpg")
    pack(tmp_path / "s-0.tar", photo)
    pack(tmp_path / "s-1.tar", photo)
    with pytest.raises(CatalogueError, match=r"both have a member '1.jpg'"):
        open_catalogue(table("image", "1.jpg"), images=tmp_path / "s-*.tar")


def test_a_later_member_replaces_an_earlier_one_of_its_name(table: Table, draw: Draw, tmp_path: Path) -> None:
    tar = pack(tmp_path / "p.tar", draw("1.jpg"))
    newer = draw("1.jpg", (0, 0, 255))
    with tarfile.open(tar, "a") as file:
        file.add(newer, "1.jpg")
    catalogue, row = one_row(table("image", "1.jpg"), tar)
    assert catalogue.read(row) == newer.read_bytes()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("p.tar.gz", "is compressed"),
        ("p.zip", "is compressed"),
        ("p.jpg", "neither a folder nor a .tar file"),
        ("none.tar", "does not exist"),
        ("none-*.tar", "matches no file"),
        ("p.tar", "not a whole plain tar file"),
    ],
)
def test_photos_that_cannot_be_opened_are_an_error(table: Table, tmp_path: Path, name: str, message: str) -> None:
    for existing in ("p.tar.gz", "p.zip", "p.jpg", "p.tar"):
        (tmp_path / existing).write_bytes(b"x" * 1024)
    with pytest.raises(CatalogueError, match=message):
        open_catalogue(table("image", "1.jpg"), images=tmp_path / name)


def test_a_truncated_tar_file_is_an_error(table: Table, draw: Draw, tmp_path: Path) -> None:
    tar = pack(tmp_path / "p.tar", draw("1.jpg"), draw("2.jpg", size=(900, 900)))
    tar.write_bytes(tar.read_bytes()[:3000])
    with pytest.raises(CatalogueError, match="not a whole plain tar file"):
        open_catalogue(table("image", "1.jpg"), images=tar)
