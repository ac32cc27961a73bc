"""What the commands print, and what they refuse."""

import json
import re
import shutil
from pathlib import Path

import pytest

from engine.bundle.store import current, names
from engine.changes.state import open_state
from engine.errors import BundleError, InputError
from index_builder.commands.compact import compact
from index_builder.commands.index import index
from tests.app.running import photo_of
from tests.builder_commands import run
from tests.changed import delete, keep, put


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
