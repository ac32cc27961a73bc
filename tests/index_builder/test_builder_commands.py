"""What the commands print, and what they refuse."""

import json
import re
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from engine.bundle.store import current, names
from engine.changes.state import open_state
from engine.errors import BundleError, CatalogueError, InputError
from index_builder.commands.compact import compact
from index_builder.commands.evaluate import evaluate
from index_builder.commands.generations import generations, rollback, verify
from index_builder.commands.index import index
from index_builder.commands.report import report
from tests.app.running import photo_of
from tests.changed import delete, keep, put
from tests.tiny_catalogue import write_catalogue

program = typer.Typer()
for command in (index, evaluate, compact, report, verify, generations, rollback):
    program.command()(command)


def run(*words: object) -> str:
    """Standard output of a command; its error, if it has one, is raised."""
    result = CliRunner().invoke(program, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def bundles(tmp_path: Path, tiny_bundle: Path) -> Path:
    return shutil.copytree(tiny_bundle, tmp_path / "bundles")


def test_index_says_what_is_live_and_how_fast_it_was(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    out = tmp_path / "out"
    said = run("index", tiny_catalogue, "--model", tiny_model, "--out", out, "--shard-rows", 40)
    assert re.search(rf"^live +{current(out)}$", said, re.MULTILINE)
    assert re.search(r"^photos +60 of 20 products in 10 categories$", said, re.MULTILINE)
    assert re.search(r"60 new photos, 0 copies of others; [\d,]+ photos/s, [\d.]+ s\n", said)
    assert re.search(r"^recall@1 +0\.\d{3} of products, 60 held-out queries \(leave-one-out\)$", said, re.MULTILINE)


def test_index_says_why_there_are_no_scores(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    said = run("index", tiny_catalogue, "--model", tiny_model, "--out", tmp_path / "out")
    assert (
        "none: fitting takes at least 200 photos whose product has another one in the index, "
        "of at least 10 products; here are 60, of 20 products; "
        "index more products with several photos, or give 200 photos the split val\n"
    ) in said
    assert "none: there is no photo yet" in run("index", "--empty", "--model", tiny_model, "--out", tmp_path / "e")


def test_index_prints_the_recommended_min_score_with_its_precision_and_recall(
    tmp_path: Path, calibrated_catalogue: Path, tiny_model: Path
) -> None:
    said = run("index", calibrated_catalogue, "--model", tiny_model, "--out", tmp_path / "out")
    assert "from 200 photos of 100 products (val), a third of them strangers: calibration error 0.0" in said
    assert re.search(r"recommended min_score 0\.\d\d: precision (0\.\d\d|1\.00), recall [01]\.\d\d\n", said)
    figures = json.loads((tmp_path / "out" / current(tmp_path / "out") / "report.json").read_text())
    assert figures["calibration"]["source"] == "val"
    assert figures["uncalibrated"] is None


def test_index_as_json_is_one_object_and_nothing_else(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    out = tmp_path / "out"
    told = json.loads(run("index", tiny_catalogue, "--model", tiny_model, "--out", out, "--json"))
    assert (told["generation"], told["rows"], told["folder"]) == (current(out), 60, str(out / current(out)))


def test_index_names_the_list_of_bad_rows(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    catalogue = shutil.copytree(tiny_catalogue.parent, tmp_path / "catalogue") / "catalogue.csv"
    (catalogue.parent / "photos" / "P00-0.jpg").write_bytes(b"")
    said = run("index", catalogue, "--model", tiny_model, "--out", tmp_path / "out")
    assert re.search(r"^bad rows +1, listed in", said, re.MULTILINE)
    assert Path(said.split("listed in ")[1].splitlines()[0]).exists()


def test_a_photo_that_cannot_be_used_is_said_where_the_plan_becomes_wrong(
    tmp_path: Path, tiny_catalogue: Path, tiny_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    catalogue = shutil.copytree(tiny_catalogue.parent, tmp_path / "catalogue") / "catalogue.csv"
    (catalogue.parent / "photos" / "P00-0.jpg").write_bytes(b"")
    index(catalogue=catalogue, model=tiny_model, out=tmp_path / "out", threads=1)
    said = capfd.readouterr().err
    assert "plan: at most 60 photos in 1 shard with" in said
    assert "1 unusable photo left out (bad_rows.csv)" in said


def test_a_catalogue_without_categories_has_none_and_one_is_no_plural(
    tmp_path: Path, tiny_catalogue: Path, tiny_model: Path
) -> None:
    (tmp_path / "shop.csv").write_text("image,product_id\nphotos/P00-0.jpg,P00\nphotos/P00-1.jpg,P00\n")
    words = ("--images", tiny_catalogue.parent, "--model", tiny_model, "--out", tmp_path / "out")
    said = run("index", tmp_path / "shop.csv", *words)
    assert re.search(r"photos +2 of 1 product\nsize +[\d.]+ MB\nencoded +2 new photos, 0 copies of others", said)


def test_index_of_an_empty_shop(tmp_path: Path, tiny_model: Path) -> None:
    said = run("index", "--empty", "--model", tiny_model, "--out", tmp_path / "out")
    assert re.search(r"^photos +0 of 0 products$", said, re.MULTILINE)


def test_index_wants_a_catalogue_or_empty(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    for words in ([], [tiny_catalogue, "--empty"]):
        with pytest.raises(InputError, match="name a catalogue to index, or --empty"):
            run("index", *words, "--model", tiny_model, "--out", tmp_path / "out")


def test_index_takes_columns_and_images(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    text = tiny_catalogue.read_text().replace("image,image_id,product_id", "photo,image_id,sku", 1)
    (tmp_path / "shop.csv").write_text(text)
    words = ("--column", "image=photo", "--column", "product_id=sku", "--images", tiny_catalogue.parent, "--json")
    told = json.loads(run("index", tmp_path / "shop.csv", "--model", tiny_model, "--out", tmp_path / "out", *words))
    assert (told["rows"], told["products"], told["bad_rows"]) == (60, 20, 0)


def test_evaluate_prints_figures_and_writes_them(tmp_path: Path, bundles: Path, tiny_catalogue: Path) -> None:
    said = run("evaluate", bundles, "--queries", tiny_catalogue, "--json", tmp_path / "figures.json")
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
    tmp_path: Path, bundles: Path, tiny_catalogue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index_builder.evaluating.encode_queries", lambda *_: pytest.fail("it encoded"))
    queries = tmp_path / "queries.csv"
    queries.write_text(f"image,sku\n{next(tiny_catalogue.parent.rglob('*.jpg'))},7\n")
    said = CliRunner().invoke(program, ["evaluate", str(bundles), "--queries", str(queries), "--images", "/"])
    assert isinstance(said.exception, CatalogueError)
    assert "--column product_id=sku" in str(said.exception)


def test_evaluate_says_which_categories_are_not_known(tmp_path: Path, bundles: Path, tiny_catalogue: Path) -> None:
    catalogue = tmp_path / "queries.csv"
    catalogue.write_text(tiny_catalogue.read_text().replace("leaf0,", "plum,"))
    said = run("evaluate", bundles, "--queries", catalogue, "--images", tiny_catalogue.parent).splitlines()
    assert said[-1] == "leaf: queries with a category 2 unknown to the model, 2 unknown to the index"
    assert not [line for line in said if line.startswith("level2:")]


def test_evaluate_prints_one_json_object_where_the_file_is_a_dash(bundles: Path, tiny_catalogue: Path) -> None:
    told = json.loads(run("evaluate", bundles, "--queries", tiny_catalogue, "--json", "-"))
    assert (told["generation"], told["queries"]) == (current(bundles), 20)


def test_evaluate_takes_splits_and_a_generation(bundles: Path, tiny_catalogue: Path, tmp_path: Path) -> None:
    words = ("--query-splits", "train, test", "--generation", current(bundles), "--json", tmp_path / "figures.json")
    run("evaluate", bundles, "--queries", tiny_catalogue, *words)
    told = json.loads((tmp_path / "figures.json").read_text())
    assert (told["query_splits"], told["queries"]) == ("train,test", 80)


def test_verify_reads_every_file(bundles: Path) -> None:
    assert json.loads(run("verify", bundles, "--json"))["whole"] is True
    assert f"{current(bundles)} is whole: " in run("verify", bundles)
    path = bundles / current(bundles) / "shards" / "00002.thumbs"
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(BundleError, match=r"00002.thumbs is altered"):
        run("verify", bundles)


def test_generations_are_listed_and_rolled_back(bundles: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    first = current(bundles)
    run("index", tiny_catalogue, "--model", tiny_model, "--out", bundles)
    told = json.loads(run("generations", bundles, "--json"))["generations"]
    assert [own["generation"] for own in told] == names(bundles)
    assert [own["live"] for own in told] == [True, False]
    assert run("rollback", bundles) == f"{first} is live\n"
    newest, oldest = (line.split() for line in run("generations", bundles).splitlines()[1:])
    assert (newest[0], newest[-1] == "live") == (names(bundles)[0], False)
    assert (oldest[:3], oldest[-1]) == ([first, "60", "20"], "live")
    assert run("rollback", bundles, "--to", names(bundles)[0]).startswith(names(bundles)[0])
    assert json.loads(run("rollback", bundles, "--to", first, "--json")) == {"generation": first}


def test_generations_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder; make a bundle"):
        run("generations", tmp_path / "nowhere")


def test_compact_says_what_it_folded_and_that_there_is_nothing_more(bundles: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    state = open_state(tmp_path / "state")
    delete(state, "P05")
    said = run("compact", bundles, "--state", state.folder)
    assert f"{current(bundles)} is live: 1 changed product folded in up to revision 1, 0 photos came and 3 went" in said
    again = run("compact", bundles, "--state", state.folder)
    assert again == f"nothing to fold: {current(bundles)} includes every change up to revision 1\n"
    told = json.loads(run("compact", bundles, "--state", state.folder, "--json"))
    assert (told["changes"], told["folder"]) == (0, None)
    listed = run("generations", bundles).splitlines()[1:]
    assert ["compacted" in line for line in listed] == [True, False]
    state.close()


def test_compact_counts_one_as_one_and_says_why_generations_are_deleted(
    bundles: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").mkdir()
    state = open_state(tmp_path / "state")
    put(state, "NEW", {"NEW-1": keep(state, photo_of(40))})
    assert "1 changed product folded in up to revision 1, 1 photo came and 0 went; 61 photos of 21 products" in run(
        "compact", bundles, "--state", state.folder
    )
    first = current(bundles)
    for product in ("P05", "P06"):
        delete(state, product)
        capfd.readouterr()
        compact(bundles=bundles, state=state.folder, keep=2)
    assert (
        f"deleted {first}: neither live, nor what the live one was compacted from, "
        "nor among the full ones that --keep 2 keeps"
    ) in capfd.readouterr().err
    state.close()


def test_a_bundle_of_one_photo_is_listed(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    (tmp_path / "shop.csv").write_text("image,product_id\nphotos/P00-0.jpg,P00\n")
    out = tmp_path / "out"
    run("index", tmp_path / "shop.csv", "--images", tiny_catalogue.parent, "--model", tiny_model, "--out", out)
    assert re.search(r"\n\S+ +1 +1 +- +live *\n", run("generations", out))


def test_compact_takes_the_state_from_the_environment_and_index_does_not(
    bundles: Path, tmp_path: Path, tiny_catalogue: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").mkdir()
    state = open_state(tmp_path / "state")
    delete(state, "P05")
    monkeypatch.setenv("TWINSHOT_STATE", str(state.folder))
    told = json.loads(run("index", tiny_catalogue, "--model", tiny_model, "--out", tmp_path / "out", "--json"))
    assert told["products"] == 20
    told = json.loads(run("compact", bundles, "--json"))
    assert (told["changes"], told["products"]) == (1, 19)
    state.close()


def test_compact_refuses_what_does_not_go_together(bundles: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--changes is for --watch"):
        run("compact", bundles, "--state", tmp_path, "--changes", 5)
    with pytest.raises(InputError, match="--json is not for --watch"):
        run("compact", bundles, "--state", tmp_path, "--watch", "--json")


def test_report_prints_where_the_report_of_a_generation_lies(bundles: Path) -> None:
    page = Path(run("report", bundles).strip())
    assert page == bundles / current(bundles) / "report.html"
    assert page.exists()
    assert run("report", bundles, "--generation", current(bundles)).strip() == str(page)


def test_report_says_what_writes_one_where_there_is_none(bundles: Path) -> None:
    (bundles / current(bundles) / "report.html").unlink()
    with pytest.raises(BundleError, match=r"report.html is not there: .* the next `twinshot index` writes one"):
        run("report", bundles)
