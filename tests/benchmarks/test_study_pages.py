from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.recognition_screen import away_table
from benchmarks.study import page
from benchmarks.study.figures import Marks, Pooled, of_whole_seeds, pooled
from benchmarks.study.lines import RESCORED, Line, label, markdown
from benchmarks.study.small_round import TERMS, cells, clothes, coarse, greens


def file_of(name: str, fold: int, unseen: str, seen: str, seed: int = 0) -> dict[str, Any]:
    def protocol(marks: str) -> dict[str, Any]:
        return {"hits": {kind: {"product@1": marks} for kind in ("float", "bits_rescored")}}

    protocols = {"unseen": protocol(unseen), "seen": protocol(seen), "packages": protocol(unseen)}
    cell = {"name": name, "fold": fold, "seed": seed}
    return {"cell": cell, "protocols": {**protocols, "no_match": {"auroc": 0.5 + fold / 10}}}


def folds(name: str, *unseen: str) -> Pooled:
    return pooled([file_of(name, fold, marks, "1100") for fold, marks in enumerate(unseen)])


def base(own: Pooled) -> Marks:
    return own.marks("unseen", RESCORED)


def test_folds_are_pooled_query_by_query_and_compared_with_the_reference() -> None:
    default, other = folds("base:average=0.5", "1010", "11"), folds("views", "1011", "11")
    line = Line.of(other, base(default))
    assert line.unseen == pytest.approx(5 / 6)
    assert line.seen == 0.5
    assert line.auroc == pytest.approx(0.55)
    assert line.difference.mean == pytest.approx(1 / 6)


def test_seeds_are_averaged_query_by_query_whatever_the_order_of_the_files() -> None:
    marks = {(1, 0): "11", (0, 1): "1100", (0, 0): "1010", (1, 1): "10"}
    files = [file_of("default", fold, unseen, "1100", seed) for (fold, seed), unseen in marks.items()]
    assert pooled(files).marks("unseen", "float").tolist() == [1, 0.5, 0.5, 0, 1, 0.5]


def test_only_seeds_of_which_every_fold_is_there_count() -> None:
    files = [file_of("frozen", fold, "10", "1100", seed) for fold, seed in ((0, 0), (1, 0), (0, 1))]
    assert of_whole_seeds(files, (0, 1)) == files[:2]
    assert Line.of(pooled(files[:2]), base(pooled(files[:2]))).label == "frozen"
    both = pooled([*files, file_of("frozen", 1, "10", "1100", 1)])
    assert Line.of(both, base(both)).label == "frozen (2 seeds)"


def test_the_table_has_the_best_on_unseen_products_first() -> None:
    default = folds("base:average=0.5", "1000")
    lines = [Line.of(own, base(default)) for own in (default, folds("views", "1110"))]
    rows = markdown(lines, "base at α .5").splitlines()
    assert "− base at α .5 (95 % interval)" in rows[0]
    assert rows[2].startswith("| views | 0.750 | +0.500 (")
    assert rows[3].startswith("| base, α .5 | 0.250 |  |")


def test_cells_have_names_for_people() -> None:
    names = ("untrained-pca", "frozen:average=0.5", "base:average=1,head", "base:itq", "kin:average=0.25")
    said = ["untrained-pca", "frozen, α .5", "base, α 1, trained head", "base, ITQ", "kin, α .25"]
    assert [label(name) for name in names] == said


def test_what_the_same_training_gives_elsewhere_stands_in_a_table_of_its_own() -> None:
    reference = folds("base:average=0.5", "1000")
    away = {"greens": 0.5, "coarse_seen": 0.75}
    lines = [Line.of(reference, base(reference), away), Line.of(folds("views", "0000"), base(reference))]
    assert away_table(lines).splitlines()[-1] == "| base, α .5 | 0.500 |  |  | 0.750 |"


def test_a_table_replaces_what_stands_between_its_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    path = tmp_path / "docs" / "a.md"
    path.write_text("head\n<!-- x -->\nold\n<!-- /x -->\ntail\n")
    monkeypatch.setattr(page, "PROJECT", tmp_path)
    page.replace_block("a.md", "x", "new\n")
    assert path.read_text() == "head\n<!-- x -->\n\nnew\n\n<!-- /x -->\ntail\n"
    with pytest.raises(ValueError, match="has no <!-- y -->"):
        page.replace_block("a.md", "y", "new")


def test_a_line_is_added_below_those_that_stand_between_the_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    path = tmp_path / "docs" / "a.md"
    path.write_text("head\n<!-- x -->\n| a |\n|---|\n<!-- /x -->\ntail\n")
    monkeypatch.setattr(page, "PROJECT", tmp_path)
    page.add_to_block("a.md", "x", "| 1 |")
    page.add_to_block("a.md", "x", "| 2 |")
    assert path.read_text() == "head\n<!-- x -->\n\n| a |\n|---|\n| 1 |\n| 2 |\n\n<!-- /x -->\ntail\n"


def test_the_small_round_has_each_cell_once_and_one_training_of_each_name() -> None:
    round_ = cells(0)
    assert len({cell.key for cell in round_}) == len(round_)
    trainings = {str(replace(cell.trained_as, seed=0)) for cell in round_}
    assert len({cell.trained_as.name for cell in round_}) == len(trainings)
    assert set(TERMS) < {cell.trained_as.name for cell in round_}


def test_what_is_tried_far_from_home_has_its_counterpart_in_the_round() -> None:
    for away in (clothes(), greens()):
        assert len({cell.key for cell in away}) == len(away)
        assert {(cell.name, *cell.recipe.items()) for cell in away} <= {
            (cell.name, *cell.recipe.items()) for cell in cells(0)
        }
    assert {cell.catalogue for cell in clothes()[1:]} == {"clothing"}
    assert {cell.fold for cell in greens()} == {"Packages"}
    assert all(cell.coarse for cell in coarse())
    assert not {cell.key for cell in coarse()} & {cell.key for cell in cells(0)}
