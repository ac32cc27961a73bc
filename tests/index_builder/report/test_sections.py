"""What each section says, on tiny generations, and what it says where it cannot be made."""

import json
import shutil
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.bundle.manifest import read_manifest
from engine.changes.state import State
from index_builder.compaction.compact import compact
from index_builder.indexing import Order, index
from index_builder.plan import Wishes
from index_builder.progress import Progress
from index_builder.report.headline import headline
from index_builder.report.page import render
from index_builder.wilson import share_interval
from tests.changed import delete, put
from tests.index_builder.report.conftest import figures, live, page
from tests.tiny_catalogue import category_of, write_catalogue
from tests.tiny_model import write_model

SECTIONS = ("recall", "examples", "scores", "confusion", "distances", "before")


@pytest.fixture(scope="session")
def scored(calibrated_bundle: Path) -> dict[str, Any]:
    return figures(live(calibrated_bundle))


@pytest.fixture(scope="session")
def unscored(tiny_bundle: Path) -> dict[str, Any]:
    return figures(live(tiny_bundle))


def absent(report: dict[str, Any]) -> set[str]:
    return {name for name in SECTIONS if "missing" in report[name]}


def test_recall_tells_float_bits_and_rescored_with_a_curve_that_never_falls(scored: dict[str, Any]) -> None:
    kinds = {own["name"]: own for own in scored["recall"]["kinds"]}
    assert list(kinds) == ["float", "bits", "bits_rescored"]
    for own in kinds.values():
        curve = own["recall_at_k"]
        assert (own["queries"], len(curve)) == (200, 10)
        assert curve == sorted(curve)
        assert (curve[0], curve[4], curve[9]) == tuple(own["product"][f"recall@{k}"] for k in (1, 5, 10))
        assert own["product_recall@1"]["low"] <= curve[0] <= own["product_recall@1"]["high"]
    assert kinds["bits_rescored"]["product"] == scored["quality"]["product"]
    assert kinds["bits_rescored"]["photo"] == scored["quality"]["photo"]


def test_a_share_stands_with_its_interval_and_forty_of_forty_are_not_certain(scored: dict[str, Any]) -> None:
    (own,) = [kind for kind in scored["recall"]["kinds"] if kind["name"] == "bits_rescored"]
    assert own["product_recall@1"] == asdict(share_interval(round(200 * own["product"]["recall@1"]), 200))
    own = {**own, "product": {**own["product"], "recall@1": 1.0}, "product_recall@1": asdict(share_interval(40, 40))}
    assert "1.000 (0.912 to 1.000)" in render({**scored, "recall": {**scored["recall"], "kinds": [own]}}, {})


def test_where_fewer_queries_were_asked_in_float_the_codes_are_judged_on_those_too(
    tmp_path: Path, calibrated_catalogue: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index_builder.gate.FLOAT_PAIRS", 300 * 50)
    made = index(Order(calibrated_catalogue, tiny_model, tmp_path / "out"), Progress()).folder
    kinds = {own["name"]: own["queries"] for own in figures(made)["recall"]["kinds"]}
    assert kinds == {"float": 50, "bits": 200, "bits_rescored": 200, "bits_rescored_same_queries": 50}


def test_however_many_queries_there_are_a_bounded_part_of_them_is_looked_at(
    tmp_path: Path, calibrated_catalogue: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index_builder.report.look.QUERIES", 40)
    own = figures(index(Order(calibrated_catalogue, tiny_model, tmp_path / "out"), Progress()).folder)
    assert (own["distances"]["queries"], own["distances"]["answerable"]) == (40, 200)
    assert own["confusion"]["queries"] == own["examples"]["queries"] == 40


def test_bins_of_scores_hold_every_answer_and_the_recommended_threshold_is_on_the_curve(scored: dict[str, Any]) -> None:
    own = scored["scores"]
    counts = own["histogram"]["right"], own["histogram"]["wrong"]
    assert sum(bin["count"] for bin in own["bins"]) == own["answers"] == sum(map(sum, counts)) == 400
    assert {name: own[name] for name in ("ece", "min_score")} == {
        name: scored["calibration"][name] for name in ("ece", "min_score")
    }
    recalls = [at["recall"] for at in own["thresholds"]]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(recalls))
    at = next(at for at in own["thresholds"] if at["threshold"] >= own["min_score"])
    assert at["recall"] <= own["recall"]


def test_photos_of_one_product_lie_nearer_than_those_of_others(scored: dict[str, Any]) -> None:
    series = {own["name"]: own for own in scored["distances"]["series"]}
    assert all(sum(own["counts"]) == own["pairs"] for own in series.values())
    assert (series["nearest_same_product"]["pairs"], series["same_product"]["pairs"]) == (200, 600)
    assert series["nearest_same_product"]["median"] <= series["same_product"]["median"]
    assert series["same_product"]["median"] < series["any_other_product"]["median"]


def test_confused_categories_and_the_matrix_add_up(scored: dict[str, Any]) -> None:
    own = scored["confusion"]
    assert own["matrix"]["level"] == "meta"
    assert sum(map(sum, own["matrix"]["counts"])) == own["queries"] == 200
    assert sum(pair["count"] for pair in own["pairs"]) <= own["in_another_category"] <= 200
    assert [pair["count"] for pair in own["pairs"]] == sorted((p["count"] for p in own["pairs"]), reverse=True)


def test_the_worst_examples_are_wrong_and_come_last_first_the_best_are_right(scored: dict[str, Any]) -> None:
    sheets = scored["examples"]["sheets"]
    ranks = [own["rank"] or 10**6 for own in sheets["worst"]]
    assert ranks == sorted(ranks, reverse=True)
    assert min(ranks) > 1
    assert {own["rank"] for own in sheets["best"]} == {1}
    for own in [*sheets["worst"], *sheets["chance"], *sheets["best"]]:
        asked = own["query"]["product_id"]
        assert [answer["right"] for answer in own["answers"]] == [a["product_id"] == asked for a in own["answers"]]
        similarities = [answer["similarity"] for answer in own["answers"]]
        assert similarities == sorted(similarities, reverse=True)
        assert (own["missed"] is None) == any(answer["right"] for answer in own["answers"])
        assert own["missed"] is None or own["missed"]["product_id"] == asked


def test_bad_rows_and_copies_are_counted_and_named(hostile: Path) -> None:
    own = figures(hostile)["faults"]
    assert (own["bad_rows"], own["reasons"]) == (1, {"unreadable": 1})
    assert own["first"][0]["image"] == "photos/P00-0.jpg"
    assert (own["duplicate_photos"], own["photos_of_several_products"]) == (1, 1)
    assert own["duplicates"] == [
        {"rows": 2, "images": ["P05-0", "P06-0"], "products": ["P05", "P06"], "products_count": 2}
    ]
    assert "1 photo stands for several products" in page(hostile)


def test_the_generation_before_is_compared_with(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    out = tmp_path / "out"
    first = index(Order(tiny_catalogue, tiny_model, out), Progress()).folder.name
    more = write_catalogue(tmp_path / "more", products=21, first=2)
    other = write_model(tmp_path / "other", seed=5, bits=128)
    made = index(Order(more, other, out, force="a test"), Progress()).folder
    own = figures(made)["before"]
    assert (own["generation"], own["rows"]) == (first, {"before": 60, "now": 63})
    assert (own["products"], own["bits"]) == ({"before": 20, "now": 21}, {"before": 64, "now": 128})
    assert own["model"]["same"] is False
    assert own["came"] == {"count": 2, "first": sorted(" › ".join(map(str, category_of(n))) for n in (20, 22))}
    assert own["went"] == {"count": 1, "first": ["meta0 › level0 › leaf0"]}
    assert own["quality"]["answered_by_both"] > 0
    assert "published all the same, because" in page(made)


def test_sizes_add_up_and_every_stage_has_its_time(scored: dict[str, Any]) -> None:
    own = scored["costs"]
    assert sum(own["bytes"].values()) == own["total_bytes"] == scored["bytes"]
    assert {"bit codes", "row table", "thumbnails", "model"} <= set(own["bytes"])
    assert {"check", "encode", "build", "calibrate", "measure"} <= set(own["seconds"])


def test_a_first_generation_without_enough_photos_says_what_would_give_scores(unscored: dict[str, Any]) -> None:
    assert absent(unscored) == {"scores", "before"}
    assert "or give 200 photos the split val" in unscored["scores"]["missing"]
    assert "first generation of the folder" in unscored["before"]["missing"]


def test_without_a_second_photo_of_any_product_it_says_what_would_tell_the_quality(
    tmp_path: Path, tiny_model: Path
) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue", products=5, photos=1)
    made = index(Order(catalogue, tiny_model, tmp_path / "out"), Progress()).folder
    assert absent(figures(made)) == set(SECTIONS)
    assert page(made).count("or the catalogue rows of split val whose products are indexed.") == 5


def test_without_thumbnails_answers_are_named_and_it_is_said_what_gives_pictures(
    tmp_path: Path, tiny_catalogue: Path, tiny_model: Path
) -> None:
    wishes = Wishes(thumbs=False, embeddings=False)
    made = index(Order(tiny_catalogue, tiny_model, tmp_path / "out", wishes=wishes), Progress()).folder
    text = page(made)
    assert "<img" not in text
    assert "no pictures: this generation keeps no thumbnails (--thumbs keeps them)" in text
    assert "no embeddings were kept (--keep-embeddings keeps them)" in text
    assert "Drawn product" in text


def test_without_categories_it_says_which_columns_name_them(tmp_path: Path, tiny_model: Path) -> None:
    for number in range(4):
        Image.new("RGB", (80, 80), (number * 60, 20, 99)).save(tmp_path / f"{number}.png")
    rows = "\n".join(f"{number}.png,P{number // 2}" for number in range(4))
    (tmp_path / "catalogue.csv").write_text(f"image,product_id\n{rows}\n")
    made = index(Order(tmp_path / "catalogue.csv", tiny_model, tmp_path / "out"), Progress()).folder
    assert figures(made)["confusion"] == {
        "missing": "The catalogue has no categories: its columns meta, level2 and leaf name them."
    }


def test_an_empty_shop_has_a_report(tmp_path: Path, tiny_model: Path) -> None:
    made = index(Order(None, tiny_model, tmp_path / "out"), Progress()).folder
    assert absent(figures(made)) == set(SECTIONS)
    assert "There are no products yet" in page(made)


def test_a_compaction_tells_what_was_folded_in_and_of_which_generation_its_quality_is(
    tmp_path: Path, tiny_bundle: Path, state: State
) -> None:
    bundles = shutil.copytree(tiny_bundle, tmp_path / "bundles")
    base = live(bundles).name
    delete(state, "P05")
    put(state, "<b>GONE", {"<i>photo": "0" * 64})
    done = compact(bundles, state.folder, 3, 1, Progress())
    assert done.folder is not None
    report, text = figures(done.folder), page(done.folder)
    assert (report["kind"], report["folded"]["rows_gone"], report["folded"]["measured"]) == ("compaction", 3, base)
    assert (report["before"]["generation"], report["before"]["rows"]) == (base, {"before": 60, "now": 57})
    assert f"That was measured of {base}, and not again since changes were folded in." in report["headline"]
    assert "&lt;i&gt;photo" in text
    assert "<i>" not in text


def test_a_manager_is_told_in_words_that_promise_neither_all_nor_nothing(calibrated_bundle: Path) -> None:
    manifest = read_manifest(live(calibrated_bundle))
    product = {**manifest.quality["product"], "recall@1": 0.7438, "recall@10": 0.9961}
    quality = {**manifest.quality, "product": product, "answered": 1265}
    told = headline(manifest.model_copy(update={"quality": quality}))
    assert told[0] == (
        "74 of 100 photos find their product in the first place, and more than 99 of 100 among the first ten "
        "(1,265 photos that were held out)."
    )
    all_of_them = {**quality, "product": {**product, "recall@1": 0.9961}}
    assert headline(manifest.model_copy(update={"quality": all_of_them}))[0].startswith("More than 99 of 100 photos")
    few = {**quality, "answered": 20, "product": {**product, "recall@1": 0.85, "recall@10": 1.0}}
    assert (
        "17 of 20 photos find their product in the first place, and 20 of 20"
        in headline(manifest.model_copy(update={"quality": few}))[0]
    )


@pytest.mark.parametrize(("source", "flatters"), [("val", False), ("catalogue", True)])
def test_scores_that_were_fitted_on_the_catalogue_are_said_to_flatter(
    calibrated_bundle: Path, source: str, flatters: bool
) -> None:
    manifest = read_manifest(live(calibrated_bundle))
    assert manifest.calibration
    own = manifest.calibration.model_copy(update={"source": source, "precision": 0.96})
    told = headline(manifest.model_copy(update={"calibration": own}))[-1]
    assert told.endswith("and more of these wrongly.") == flatters


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mean": 0.0, "low": -0.01, "high": 0.01}, "as good as the generation before, as far as 300 photos can tell"),
        ({"mean": 0.05, "low": 0.02, "high": 0.08}, "5.0 points better than the generation before, on 300 photos"),
        ({"mean": -0.05, "low": -0.08, "high": -0.02}, "5.0 points worse than the generation before, on 300 photos"),
    ],
)
def test_better_or_worse_is_said_only_where_the_interval_says_so(
    calibrated_bundle: Path, change: dict[str, float], told: str
) -> None:
    manifest = read_manifest(live(calibrated_bundle))
    quality = {**manifest.quality, "beside": {"answered_by_both": 300, "change": change}}
    assert told in headline(manifest.model_copy(update={"quality": quality}))[1]


def test_equal_catalogues_show_equal_examples(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    made = [index(Order(tiny_catalogue, tiny_model, tmp_path / name), Progress()).folder for name in ("a", "b")]
    first, second = (json.dumps(figures(own)["examples"]) for own in made)
    assert first == second
