"""Splits that look like one that is held out, and are not."""

from dataclasses import replace

import pytest

from engine.catalogue.doubtful import doubtful_splits
from engine.catalogue.row import Row


def a_row(split: str | None) -> Row:
    return Row("a.jpg", "a", "P", (None, None, None), None, split, None, "a.csv", 1)


@pytest.mark.parametrize(
    "split",
    [
        *("validation", "valid", "val1", "vali", "dev", "development", "eval", "holdout", "held-out"),
        *("testing", "tests", "tst", "tset", "test_set", "queries", "qurey"),
    ],
)
def test_a_name_that_looks_like_one_of_ours_is_told_with_its_rows(split: str) -> None:
    said = doubtful_splits([a_row("train"), a_row(split), a_row(split)])
    assert said is not None
    assert said.startswith(f"split '{split}' (2 rows) is indexed like any other name; ")


@pytest.mark.parametrize(
    "split", [None, "train", "index", "val", "test", "query", "training", "trian", "gallery", "shelf", "2024", "a"]
)
def test_our_names_and_quite_other_ones_are_not(split: str | None) -> None:
    assert doubtful_splits([a_row(split)]) is None


def test_rows_that_are_put_on_the_shelf_by_name_are_there_on_purpose() -> None:
    assert doubtful_splits([replace(a_row("testing"), shelved=True)]) is None


def test_several_such_names_are_one_line() -> None:
    said = doubtful_splits([a_row("tst"), a_row("dev")])
    assert said is not None
    assert said.startswith("split 'tst' (1 row), 'dev' (1 row) is indexed")
