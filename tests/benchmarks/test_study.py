import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recognition_few import hits_of, table
from benchmarks.study import cell as cells
from benchmarks.study.cell import Cell
from benchmarks.study.measure import auroc
from benchmarks.study.photos import FOLDS, few, fold_of, in_fold, records, write


@pytest.mark.shared
def test_no_row_of_split_test_is_ever_written_into_a_catalogue_of_the_study(tmp_path: Path) -> None:
    for name in ("grocery", "clothing"):
        with write(name, lambda row: True, tmp_path / "all.csv").open(newline="") as file:
            splits = {row["split"] for row in csv.DictReader(file)}
        assert splits <= {"train", "val", "iconic"}
        assert "val" in splits


@pytest.mark.shared
def test_what_scores_the_split_test_has_its_rows_and_no_other(tmp_path: Path) -> None:
    with write("grocery", lambda row: True, tmp_path / "asked.csv", test=True).open(newline="") as file:
        assert {row["split"] for row in csv.DictReader(file)} == {"test"}


@pytest.mark.shared
def test_a_coarse_catalogue_lacks_what_it_should_and_nothing_else(tmp_path: Path) -> None:
    fine, coarse = tmp_path / "fine.csv", tmp_path / "coarse.csv"
    write("grocery", lambda row: True, fine)
    write("grocery", lambda row: True, coarse, ("product_id", "leaf"))
    with fine.open(newline="") as left, coarse.open(newline="") as right:
        for old, new in zip(csv.DictReader(left), csv.DictReader(right), strict=True):
            assert new == old | {"product_id": "", "leaf": ""}


@pytest.mark.shared
def test_every_leaf_is_in_one_fold_and_the_folds_are_of_one_size() -> None:
    sizes = np.bincount(list(fold_of().values()), minlength=FOLDS)
    assert sizes.max() - sizes.min() <= 1
    row = next(row for row in records("grocery") if row["split"] == "val")
    assert [in_fold(row, fold) for fold in range(FOLDS)].count(True) == 1
    assert not in_fold(row, None)
    assert in_fold(row, "Packages") == (row["meta"] == "Packages")


@pytest.mark.shared
def test_a_fold_trains_on_no_photo_of_its_leaves_and_on_no_clean_picture() -> None:
    kept = [row for row in records("grocery") if cells._is_trained_on(row, Cell("x", fold=2))]
    assert {row["split"] for row in kept} == {"train", "val"}
    assert all(fold_of()[row["leaf"]] != 2 for row in kept)
    assert len({row["leaf"] for row in kept}) == sum(fold != 2 for fold in fold_of().values())


@pytest.mark.shared
def test_a_small_shop_trains_on_its_own_photos_but_those_of_the_fold() -> None:
    own, grown = (
        {row["image_id"] for row in records("grocery") if cells._is_trained_on(row, Cell("x", photos=200, fold=fold))}
        for fold in (None, 2)
    )
    assert own == few(200)
    left_out = {row["image_id"] for row in records("grocery") if in_fold(row, 2)}
    assert grown == own - left_out
    assert grown < own


def test_a_small_shop_is_told_of_every_fold_or_not_at_all() -> None:
    def file(name: str, fold: int, hits: str) -> dict[str, object]:
        cell = {"name": name, "fold": fold, "seed": 0}
        return {"cell": cell, "protocols": {"unseen": {"hits": {"bits_rescored": {"product@1": hits}}}}}

    found = hits_of([file("few-0", 0, "10"), file("few-6", 0, "1"), file("few-0", 1, "011")], "unseen", (0, 1))
    assert {name: own.tolist() for name, own in found.items()} == {"few-0": [1, 0, 0, 1, 1]}
    assert table({"200 photos": found}).splitlines()[-1] == "| fitted alone (`--epochs 0`) | 0.600 |"


def test_a_cell_that_only_finishes_differently_shares_its_training() -> None:
    plain = Cell("default", {"epochs": 4, "average": cells.STEERED}, size=128)
    assert Cell("default:tuned", {"epochs": 4, "average": 1.0}, size=128).trained_as == plain
    assert Cell("default:pca", {"epochs": 4, "average": 0.5}, projection="pca", size=128).trained_as == plain
    assert Cell("nested:256", bits=1024, first=256).trained_as == Cell("nested", bits=1024)
    assert Cell("whole", {"average": 1.0}).trained_as == Cell("whole", {"average": 1.0})


def test_cells_that_differ_have_files_that_differ() -> None:
    cells = [Cell("a"), Cell("a:b"), Cell("a", fold=0), Cell("a", size=128), Cell("a", seed=1)]
    cells.append(Cell("a", catalogue="clothing"))
    assert len({cell.key for cell in cells}) == len(cells)
    assert all(":" not in cell.key for cell in cells)


def test_a_cell_that_starts_from_another_is_described_with_all_of_it() -> None:
    refitted = Cell("a", {"epochs": 0}, after=Cell("b", catalogue="clothing"))
    kept = json.loads(json.dumps(refitted.described()))
    assert refitted.is_described_by(kept)
    assert not replace(refitted, after=None).is_described_by(kept)
    assert not refitted.is_described_by({**kept, "after": None})
    assert not replace(refitted, after=Cell("b")).is_described_by(kept)
    del kept["after"]["recipe"]["bank"]  # a term that was not there then
    assert refitted.is_described_by(kept)
    kept["after"]["recipe"]["average"] = 0.123  # a default of then
    assert not refitted.is_described_by(kept)


def test_a_file_belongs_to_a_cell_as_long_as_its_whole_recipe_does() -> None:
    kept = json.loads(json.dumps(Cell("x", {"lr_heads": 1e-3}).described()))
    assert Cell("x", {"lr_heads": 1e-3}).is_described_by(kept)
    assert not Cell("x", {"lr_heads": 2e-3}).is_described_by(kept)
    kept["recipe"]["average"] = 0.123  # a default of then
    assert not Cell("x", {"lr_heads": 1e-3}).is_described_by(kept)
    assert Cell("x", {"lr_heads": 1e-3, "average": 0.123}).is_described_by(kept)
    del kept["recipe"]["bank"]  # a term that was not there then
    assert Cell("x", {"lr_heads": 1e-3, "average": 0.123}).is_described_by(kept)
    kept["recipe"]["a term of the past"] = 1
    assert not Cell("x", {"lr_heads": 1e-3, "average": 0.123}).is_described_by(kept)


def test_a_cell_is_described_by_the_weights_that_its_catalogue_decides() -> None:
    cells = [Cell("x"), Cell("x", coarse=True), Cell("x", catalogue="clothing")]
    weights = [own.described()["recipe"]["hierarchy"] for own in cells]
    assert weights == [0, 1, 1]
    assert Cell("x", {"hierarchy": 1}).described()["recipe"]["hierarchy"] == 1


def test_without_training_only_what_is_fitted_counts() -> None:
    kept = json.loads(json.dumps(Cell("x", {"epochs": 0}).described()))
    kept["recipe"]["frozen_norm"] = False  # a default of then
    assert Cell("x", {"epochs": 0}).is_described_by(kept)
    assert not Cell("x", {"epochs": 0, "pooling": "average"}).is_described_by(kept)
    assert not Cell("x").is_described_by(kept)


def test_what_another_recipe_left_under_the_same_name_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "WORK", tmp_path)
    stages = Cell("untrained", {"epochs": 0})
    average = Cell("untrained", {"epochs": 0, "pooling": "average"}, projection="pca")
    assert stages.folder == average.folder
    cells.claim_folder(stages)
    model, photos = stages.folder / "model" / "model.json", stages.folder / "photos.npz"
    model.parent.mkdir()
    for path in (model, photos):
        path.write_bytes(b"{}")
    assert cells.model_of(stages, 1) == (model.parent, 0.0)
    cells.claim_folder(average)
    assert not model.exists()
    assert not photos.exists()


def test_a_folder_of_unknown_recipe_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "WORK", tmp_path)
    kept = Cell("x").folder / "photos.npz"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"")
    cells.claim_folder(Cell("x"))
    assert not kept.exists()


def test_a_borrowed_run_has_the_other_recipe_and_lacks_only_the_last_step(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("best.pt", "initial.pt", "final.pt"):
        (source / name).write_bytes(b"x")
    (source / "config.json").write_text(json.dumps({"recipe": {"average": 0.5, "epochs": 6}, "projection": "whiten"}))
    cells._borrow(source, tmp_path / "run", Cell("default:average=1", {"average": 1.0}))
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["recipe"] == {"average": 1.0, "epochs": 6}
    assert sorted(own.name for own in (tmp_path / "run").iterdir()) == ["best.pt", "config.json", "initial.pt"]


def test_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    positive, negative = rng.integers(0, 8, 30) + 2.0, rng.integers(0, 8, 20).astype(float)
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert auroc(positive, negative) == pytest.approx(np.mean(pairs))
    assert auroc(np.ones(3), np.ones(4)) == 0.5


@pytest.mark.shared
def test_a_small_shop_grows_by_a_photo_of_each_leaf_in_turn() -> None:
    leaf = {row["image_id"]: row["leaf"] for row in records("grocery") if row["split"] == "train"}
    assert few(81) < few(200)
    assert len(few(200)) == 200
    assert len({leaf[image] for image in few(81)}) == 81
    kept = [row for row in records("grocery") if cells._is_trained_on(row, Cell("x", photos=200))]
    assert {row["image_id"] for row in kept} == few(200)
