"""The catalogue of a demo that is one's own."""

import csv
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.tiny_catalogue import write_catalogue
from twinshot.demo.shop import OwnCatalogue, own_shop
from twinshot.demo.stages import Stages


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return write_catalogue(tmp_path / "own", products=4, photos=2)


def without_split(catalogue: Path) -> None:
    with catalogue.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    with catalogue.open("w", newline="") as file:
        writer = csv.DictWriter(file, [name for name in rows[0] if name != "split"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def test_a_catalogue_with_test_photos_is_used_as_it_is(own: Path, tmp_path: Path) -> None:
    shop = own_shop(Stages(tmp_path / "work"), OwnCatalogue(own))
    assert shop.arguments == (str(own),)
    assert [question.group for question in shop.questions] == ["seen"] * 4
    assert not (tmp_path / "work").exists()


def test_a_catalogue_without_any_gets_a_copy_of_its_table_with_one_photo_a_product_held_out(
    own: Path, tmp_path: Path
) -> None:
    without_split(own)
    shop = own_shop(Stages(tmp_path / "work"), OwnCatalogue(own))
    assert shop.arguments == (str(tmp_path / "work" / "catalogue" / "catalogue.csv"), f"--images={own.parent}")
    assert [question.row.image_id for question in shop.questions] == ["P00-1", "P01-1", "P02-1", "P03-1"]
    for question in shop.questions:
        assert shop.read(question.row) == (own.parent / question.row.image).read_bytes()


def test_a_folder_tree_gets_a_table_too(own: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for photo in sorted((own.parent / "photos").glob("*.jpg")):
        product = tree / "meta" / "level2" / "leaf" / photo.name[:3]
        product.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, product / photo.name)
    shop = own_shop(Stages(tmp_path / "work"), OwnCatalogue(tree))
    assert shop.arguments[1] == f"--images={tree}"
    assert {question.row.product for question in shop.questions} == {"P00", "P01", "P02", "P03"}
    assert shop.questions[0].row.category == ("meta", "level2", "leaf")
    assert shop.read(shop.questions[0].row)


def test_a_changed_photo_changes_the_key(own: Path, tmp_path: Path) -> None:
    before = own_shop(Stages(tmp_path / "work"), OwnCatalogue(own)).key
    assert own_shop(Stages(tmp_path / "work"), OwnCatalogue(own)).key == before
    photo = next((own.parent / "photos").glob("*.jpg"))
    photo.write_bytes(photo.read_bytes() + b" ")
    assert own_shop(Stages(tmp_path / "work"), OwnCatalogue(own)).key != before


def test_other_columns_and_another_photo_folder_are_passed_on(own: Path, tmp_path: Path) -> None:
    table = tmp_path / "shop.csv"
    table.write_text(own.read_text().replace("image,image_id,product_id", "photo,image_id,sku", 1))
    given = OwnCatalogue(table, ("image=photo", "product_id=sku"), own.parent)
    shop = own_shop(Stages(tmp_path / "work"), given)
    named = ("--column=image=photo", "--column=product_id=sku", f"--images={own.parent}")
    assert shop.arguments == (str(table), *named)
    assert [question.row.product for question in shop.questions] == ["P00", "P01", "P02", "P03"]


def test_the_copy_with_photos_held_out_has_our_columns_and_the_same_photos(own: Path, tmp_path: Path) -> None:
    without_split(own)
    tar = tmp_path / "photos.tar"
    with tarfile.open(tar, "w") as file:
        file.add(own.parent / "photos", "photos")
    table = tmp_path / "shop.csv"
    table.write_text(own.read_text().replace("image,", "photo,", 1))
    given = OwnCatalogue(table, ("image=photo",), tar)
    shop = own_shop(Stages(tmp_path / "work"), given)
    assert shop.arguments == (str(tmp_path / "work" / "catalogue" / "catalogue.csv"), f"--images={tar}")
    question = shop.questions[0]
    assert shop.read(question.row) == (own.parent / question.row.image).read_bytes()
    with tarfile.open(tar, "a") as file:
        file.add(table, "note.csv")
    assert own_shop(Stages(tmp_path / "work"), given).key != shop.key


def test_a_changed_row_changes_the_key(own: Path, tmp_path: Path) -> None:
    folder = OwnCatalogue(own.parent)
    before = own_shop(Stages(tmp_path / "work"), folder).key
    own.write_text(own.read_text().replace("Drawn product 1", "Drawn twin", 1))
    assert own_shop(Stages(tmp_path / "work"), folder).key != before
