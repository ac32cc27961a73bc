"""The challenge's file: its form to the byte, read back, and what it cannot hold."""

from pathlib import Path

import pytest

from engine.errors import InputError
from index_builder.submission import read_submission, write_submission


def test_a_file_has_no_header_and_one_line_a_query_with_its_photos_in_order(tmp_path: Path) -> None:
    write_submission(tmp_path / "s.csv", {"q2": ["b", "a"], "q1": []})
    assert (tmp_path / "s.csv").read_bytes() == b'q2,"b a"\nq1,""\n'
    assert read_submission(tmp_path / "s.csv") == {"q2": ["b", "a"], "q1": []}


@pytest.mark.parametrize("unfit", ["a b", "a,b", 'a"b', "a\nb"])
def test_an_id_that_the_form_cannot_hold_is_named_and_nothing_is_written(tmp_path: Path, unfit: str) -> None:
    for answers, kind in (({unfit: ["a"]}, "query"), ({"q": [unfit]}, "photo")):
        with pytest.raises(InputError, match=f"the {kind} id .* has a blank, a comma or a quote"):
            write_submission(tmp_path / "s.csv", answers)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q1,a b\nq2\n", "line 2 of .* is not"),
        ("q1,a,b\n", "line 1 of .* is not"),
        ("q1,a\nq1,b\n", "line 2 of .*: query 'q1' has an earlier line"),
        ('q1,"a\n', "cannot be read"),
    ],
)
def test_a_file_of_another_form_is_refused_by_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_submission(tmp_path / "s.csv")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv cannot be read"):
        read_submission(tmp_path / "nowhere.csv")
