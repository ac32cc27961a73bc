import numpy as np
import pytest

from engine.catalogue.row import Row
from engine.errors import CatalogueError
from model_export.splits import MAX_GALLERY, MAX_QUERIES, is_identified, is_used, relevant, split_rows
from tests.model_export.drawn import make_row


def shop(products: int, photos: int, split: str | None = None, first: int = 1) -> list[Row]:
    return [
        make_row(first + i, f"p{i // photos}", ("m", f"l{i // photos % 3}", None), split)
        for i in range(products * photos)
    ]


def test_val_steers_where_there_is_one() -> None:
    rows = shop(5, 3, "train") + shop(5, 1, "val", 100) + shop(5, 1, "test", 200) + shop(5, 1, "query", 300)
    split = split_rows(rows, 0, "shop")
    assert {row.split for row in split.train} == {"train"} == {row.split for row in split.gallery}
    assert len(split.train) == 15
    assert {row.split for row in split.queries} == {"val"}


def test_queries_and_gallery_are_bounded() -> None:
    split = split_rows(shop(2000, 2) + shop(1000, 1, "val", 10_000), 0, "shop")
    assert len(split.train) == 4000
    assert len(split.queries) == MAX_QUERIES
    assert MAX_GALLERY <= len(split.gallery) <= MAX_GALLERY + MAX_QUERIES


@pytest.mark.parametrize("val", [shop(300, 1, "val", 100_000), []], ids=["val", "held out"])
def test_of_a_large_catalogue_the_gallery_has_every_product_that_is_asked_for(val: list[Row]) -> None:
    split = split_rows(shop(5000, 4) + val, 0, "shop")
    assert len(split.queries) >= 200
    assert {row.product for row in split.queries} <= {row.product for row in split.gallery}
    assert len({row.image_id for row in split.gallery}) == len(split.gallery)
    assert not {row.image_id for row in split.queries} & {row.image_id for row in split.gallery}


def test_without_val_whole_products_and_single_photos_are_held_out() -> None:
    rows = shop(60, 4)
    split = split_rows(rows, 0, "shop")
    trained = {row.product for row in split.train}
    held = [row for row in split.queries if row.product not in trained]
    assert len(split.queries) == 6
    assert len(held) == 3
    assert not {row.image_id for row in split.queries} & {row.image_id for row in (*split.train, *split.gallery)}
    assert len(split.train) == 240 - 3 * 4 - 3
    assert relevant(split.queries, split.gallery).any(axis=1).all()


def test_without_several_photos_of_a_product_labels_steer() -> None:
    split = split_rows(shop(50, 1), 0, "shop")
    assert len(split.queries) == 5
    assert len(split.train) == 45
    assert relevant(split.queries, split.gallery).any(axis=1).all()


def test_without_labels_and_products_nothing_steers_and_all_is_trained_on() -> None:
    split = split_rows([make_row(i) for i in range(30)], 0, "shop")
    assert len(split.train) == 30
    assert split.queries == split.gallery == ()


def test_a_catalogue_of_one_photo_is_trained_on() -> None:
    assert len(split_rows([make_row()], 0, "shop").train) == 1


def test_rows_of_other_splits_alone_are_an_error_that_names_the_catalogue() -> None:
    with pytest.raises(CatalogueError, match="shop has no photos to train on"):
        split_rows(shop(3, 1, "iconic"), 0, "shop")


def test_it_follows_from_the_seed() -> None:
    rows = shop(60, 4)
    assert split_rows(rows, 1, "shop") == split_rows(rows, 1, "shop")
    assert split_rows(rows, 1, "shop") != split_rows(rows, 2, "shop")


def test_relevant_is_the_same_product_or_where_it_is_absent_the_same_category() -> None:
    gallery = [
        make_row(1, "a", ("m", "x", None)),
        make_row(2, "b", ("m", "x", None)),
        make_row(3, "c", ("m", "y", None)),
        make_row(4),
    ]
    queries = [make_row(5, "a", ("m", "x", None)), make_row(6, "z", ("m", "x", None)), make_row(7)]
    assert relevant(queries, gallery).tolist() == [
        [True, False, False, False],
        [True, True, False, False],
        [False, False, False, False],
    ]
    assert relevant(queries, []).shape == (3, 0)
    assert np.asarray(relevant([], gallery)).shape == (0, 4)


@pytest.mark.parametrize(
    ("split", "train", "fit"),
    [(None, True, True), ("train", True, True), ("val", True, False), ("iconic", False, True),
     ("index", False, True), ("test", False, False), ("query", False, False)],
)  # fmt: skip
def test_which_splits_a_run_may_look_at(split: str | None, train: bool, fit: bool) -> None:
    row = make_row(split=split)
    assert is_used(row, fit_only=False) is train
    assert is_used(row, fit_only=True) is fit


@pytest.mark.parametrize(("pairs", "singles", "expected"), [(43, 14, True), (42, 16, False), (0, 5, False)])
def test_a_catalogue_is_identified_if_most_photos_have_another_of_their_product(
    pairs: int, singles: int, expected: bool
) -> None:
    rows = [*shop(pairs, 2), *(make_row(1000 + i, f"own{i}") for i in range(singles))]
    assert is_identified(rows) == expected


def test_photos_without_product_ids_are_not_identified() -> None:
    assert not is_identified([make_row(i) for i in range(10)])
