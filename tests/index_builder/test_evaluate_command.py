"""`twinshot evaluate`: what it prints and writes, and what it refuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.bundle.store import current
from engine.errors import CatalogueError
from tests.builder_commands import program, run
from tests.tiny_catalogue import write_catalogue


def test_evaluate_prints_figures_and_writes_them(tmp_path: Path, tiny_bundle: Path, tiny_catalogue: Path) -> None:
    said = run("evaluate", tiny_bundle, "--queries", tiny_catalogue, "--json", tmp_path / "figures.json")
    told = json.loads((tmp_path / "figures.json").read_text())
    assert "20 of 20 (test) have their product among 60 photos" in said
    lines = [line.split() for line in said.splitlines()]
    (columns,) = (line for line in lines if line[:1] == ["category"])
    (shown,) = (line for line in lines if line[:1] == ["leaf"])
    leaf = told["categories"]["leaf"]
    assert shown[columns.index("accuracy")] == f"{leaf['model']['accuracy']:.3f}"
    assert shown[columns.index("recall@1_inside")] == f"{leaf['index']['recall@1_inside']:.3f}"
    products = lines[lines.index(next(line for line in lines if line[:1] == ["product"])) :]
    rescored = next(line for line in products if line[:2] == ["bits,", "rescored"])
    assert rescored[2] == f"{told['bits_rescored']['product']['recall@1']:.3f}"
    for kind in ("float", "bits", "bits_rescored"):
        assert set(told[kind]["photo"]) == {
            "recall@1", "recall@5", "recall@10", "mar@10", "mar@10_capped", "map"
        }  # fmt: skip
        assert set(told[kind]["product"]) == {"recall@1", "recall@5", "recall@10", "mrr"}
        assert f"{told[kind]['product']['mrr']:.3f}" in [line[-1] for line in products]


def test_evaluate_says_how_many_strangers_reach_min_score_where_there_are_any(
    tmp_path: Path, calibrated_bundle: Path, calibrated_catalogue: Path
) -> None:
    strange = write_catalogue(tmp_path, products=6, photos=1, first=200)
    asked = ("evaluate", calibrated_bundle, "--json", tmp_path / "figures.json", "--queries")
    said = run(*asked, strange)
    told = json.loads((tmp_path / "figures.json").read_text())
    assert (told["answerable"], told["matches"]["matched"], told["matches"]["strangers"]) == (0, 0, 6)
    reach = f"{told['matches']['strangers_matched']} of 6 reach min_score {told['matches']['min_score']:.2f}"
    assert f"strangers   {reach}; their products are not in the index\n" in said
    known = tmp_path / "known.csv"
    known.write_text("".join(calibrated_catalogue.read_text().splitlines(keepends=True)[:26]))
    said = run(*asked, known, "--images", calibrated_catalogue.parent, "--query-splits", "val")
    assert "of 10 reach min_score" in said
    assert "strangers" not in said + (tmp_path / "figures.json").read_text()
    assert "without a product id" not in said
    known.write_text(known.read_text().replace(",P04,", ",,"))
    said = run(*asked, known, "--images", calibrated_catalogue.parent, "--query-splits", "val")
    assert "; 2 without a product id left out\n" in said
    assert json.loads((tmp_path / "figures.json").read_text())["queries_without_product"] == 2


def test_evaluate_asks_for_the_column_that_says_what_is_right_before_it_encodes(
    tmp_path: Path, tiny_bundle: Path, tiny_catalogue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index_builder.evaluating.encode_queries", lambda *_: pytest.fail("it encoded"))
    queries = tmp_path / "queries.csv"
    queries.write_text(f"image,sku\n{next(tiny_catalogue.parent.rglob('*.jpg'))},7\n")
    said = CliRunner().invoke(program, ["evaluate", str(tiny_bundle), "--queries", str(queries), "--images", "/"])
    assert isinstance(said.exception, CatalogueError)
    assert "--column product_id=sku" in str(said.exception)


def test_evaluate_says_which_categories_are_not_known(tmp_path: Path, tiny_bundle: Path, tiny_catalogue: Path) -> None:
    catalogue = tmp_path / "queries.csv"
    catalogue.write_text(tiny_catalogue.read_text().replace("leaf0,", "plum,"))
    said = run("evaluate", tiny_bundle, "--queries", catalogue, "--images", tiny_catalogue.parent).splitlines()
    assert said[-1] == "leaf: queries with a category 2 unknown to the model, 2 unknown to the index"
    assert not [line for line in said if line.startswith("level2:")]


def test_evaluate_prints_one_json_object_where_the_file_is_a_dash(tiny_bundle: Path, tiny_catalogue: Path) -> None:
    told = json.loads(run("evaluate", tiny_bundle, "--queries", tiny_catalogue, "--json", "-"))
    assert (told["generation"], told["queries"]) == (current(tiny_bundle), 20)


def test_evaluate_takes_splits_and_a_generation(tiny_bundle: Path, tiny_catalogue: Path, tmp_path: Path) -> None:
    words = ("--query-splits", "train, test", "--generation", current(tiny_bundle), "--json", tmp_path / "figures.json")
    run("evaluate", tiny_bundle, "--queries", tiny_catalogue, *words)
    told = json.loads((tmp_path / "figures.json").read_text())
    assert (told["query_splits"], told["queries"]) == ("train,test", 80)
