import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalogue.row import Row
from engine.errors import CatalogueError
from model_export.titles import FEWEST, Attributes, label, mine_attributes
from tests.model_export.drawn import make_row

FILLER = [f"thing{n} from{n}" for n in range(40)]


def rows_of(*titles: str | None) -> list[Row]:
    """One row, a product of its own, for each title."""
    return [replace(make_row(n), title=title) for n, title in enumerate(titles)]


def mined(*titles: str | None) -> dict[str, int]:
    found = mine_attributes(rows_of(*titles, *FILLER), "shop.csv")
    return {own.name: own.products for own in found.attributes}


def often(text: str, times: int = FEWEST) -> list[str]:
    """`times` different titles that say `text`; what else they say is in one title each."""
    return [f"{text}, a{n}x" for n in range(times)]


def test_words_and_pairs_that_enough_titles_share_are_attributes_with_their_counts() -> None:
    found = mined(*often("red shoe", 12), *often("red bag", 10), *often("blue bag", 9))
    assert found == {"red": 22, "bag": 19, "shoe": 12, "red bag": 10}  # "red shoe" is wherever "shoe" is


def test_attributes_stand_by_frequency_and_then_by_name() -> None:
    found = mined(*often("red, shoe", 11), *often("zip, ale", 11), *often("red", 4))
    assert list(found) == ["red", "ale", "shoe", "zip"]


def test_case_blanks_and_forms_of_letters_make_no_difference() -> None:
    titles = ["CAFÉ", " café  ", "cafe\u0301", "ｃａｆé"]
    found = mined(*[f"{titles[n % 4]} n{n}x" for n in range(FEWEST)])
    assert found == {"café": FEWEST}


def test_words_of_every_alphabet_count_and_signs_do_not() -> None:
    found = mined(*[f"★ Кеды ★ men's 靴 女靴, a{n}x" for n in range(FEWEST)])
    assert set(found) == {"кеды", "men's", "女靴"}


def test_a_number_or_a_letter_counts_only_beside_a_word() -> None:
    found = mined(*often("iphone 12"), *often("iphone 7", 11), *often("size m"), *often("9 5"))
    assert found == {"iphone": 21, "iphone 7": 11, "iphone 12": 10, "size": 10}


def test_words_across_a_comma_are_no_pair_and_across_a_hyphen_they_are() -> None:
    found = mined(*often("red, hat"), *often("red, hat on"), *often("hat-box red"), *often("box"))
    assert "hat box" in found
    assert "red hat" not in found


def test_what_most_titles_say_is_left_out_but_may_be_half_of_a_pair() -> None:
    found = mined(*often("new balance", 30), *often("new hat", 30), *often("balance", 5))
    assert found == {"balance": 35, "hat": 30, "new balance": 30}


def test_products_with_the_same_titles_and_photos_of_one_product_count_once() -> None:
    copies = rows_of(*["red hat"] * 30)
    photos = [replace(make_row(100 + n, "p"), title=f"red scarf {n}") for n in range(30)]
    with pytest.raises(CatalogueError, match="too little is common to"):
        mine_attributes([*copies, *photos, *rows_of(*FILLER)], "shop.csv")


def test_the_order_of_rows_makes_no_difference() -> None:
    rows = rows_of(*often("red shoe", 12), *often("blue bag", 12), *FILLER)
    first = mine_attributes(rows, "shop.csv")
    random.Random(1).shuffle(rows)
    assert mine_attributes(rows, "shop.csv") == first


def test_only_the_most_frequent_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    titles = [*often("red shoe", 15), *often("blue bag", 14), *often("red hat", 13), *often("green hat", 12)]
    every = list(mined(*titles).items())
    assert len(every) > 5
    for most in range(1, len(every) + 1):
        monkeypatch.setattr("model_export.titles.MOST", most)
        assert list(mined(*titles).items()) == every[:most]


def test_titles_of_blanks_are_none_and_that_is_an_error_with_a_remedy() -> None:
    with pytest.raises(CatalogueError, match=r"no row of shop\.csv .* has a title; .* --column title=") as error:
        mine_attributes(rows_of(None, "", "  "), "shop.csv")
    assert "\n" not in str(error.value)


def test_titles_that_share_too_little_are_an_error_that_says_how_little() -> None:
    with pytest.raises(CatalogueError, match=r"too little is common to 40 different titles of shop\.csv: .*10 of them"):
        mine_attributes(rows_of(*FILLER), "shop.csv")


def test_each_row_is_labelled_by_its_own_title() -> None:
    attributes = mine_attributes(rows_of(*often("red shoe", 12), *often("red bag", 10), *FILLER), "shop.csv")
    assert [own.name for own in attributes.attributes] == ["red", "shoe", "bag"]
    starts, found = label(rows_of("Shoe, RED", None, "hat", "bag red bag"), attributes)
    assert starts.dtype == found.dtype == np.int64
    assert starts.tolist() == [0, 2, 2, 2, 4]
    assert found.tolist() == [0, 1, 0, 2]


@given(st.lists(st.text(alphabet="ab 1-,", max_size=12), min_size=1, max_size=60))
def test_counts_are_those_of_the_plain_definition(titles: list[str]) -> None:
    rows = rows_of(*titles, *often("ab ba", 12), *FILLER)
    found = mine_attributes(rows, "shop.csv")
    different = {" ".join(row.title.split()) for row in rows if row.title and row.title.strip()}
    assert found.products == len(different)
    starts, which = label([replace(make_row(), title=title) for title in sorted(different)], found)
    counts = np.bincount(which, minlength=len(found.attributes))
    assert counts.tolist() == [own.products for own in found.attributes]
    assert Attributes.model_validate_json(found.model_dump_json()) == found
    assert len(starts) == len(different) + 1
