"""From observations to a calibration, and which photos it may look at."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.manifest import read_manifest
from engine.calibration import Calibration, probabilities
from engine.catalogue.row import Row
from index_builder.calibrate import (
    QUERIES,
    THRESHOLDS,
    WRONG_MATCH,
    calibrate,
    choose_questions,
    fit,
    out_of_fold,
    recommend,
)
from index_builder.indexing import Order, index
from index_builder.observe import Observations
from index_builder.progress import Progress
from tests.watched_photos import photos_read


def row(number: int, product: str, split: str | None) -> Row:
    return Row("a.jpg", f"{product}-{number}", product, (None, None, None), None, split, None, "a.csv", number)


def shop(products: int, photos: int, val: int = 0) -> list[Row]:
    return [
        row(number, f"p{product}", "val" if number >= photos else None)
        for product in range(products)
        for number in range(photos + val)
    ]


def observations(queries: int = 2000, seed: int = 0) -> Observations:
    """Answers that are right with a chance that rises with similarity and margin; every third is a stranger's."""
    random = np.random.default_rng(seed)
    stranger = np.arange(queries) % 3 == 0
    similarity = random.uniform(0.2, 0.6, queries) + 0.25 * ~stranger
    margin = random.exponential(0.1, queries)
    chance = 1 / (1 + np.exp(-(12 * similarity + 8 * margin - 8)))
    right = ((random.random(queries) < chance) & ~stranger).astype(float)
    return Observations(
        similarity, margin, right, np.ones(queries), np.arange(queries), np.arange(queries) % 60, stranger
    )


def test_val_photos_are_asked_where_there_are_enough() -> None:
    chosen = choose_questions([*shop(100, 2, val=2), row(9, "unknown", "val"), row(9, "p1", "test")])
    assert (chosen.source, len(chosen.rows), {own.split for own in chosen.rows}) == ("val", 200, {"val"})


def test_else_indexed_photos_of_products_with_another_photo_are() -> None:
    chosen = choose_questions([*shop(100, 2, val=1), row(9, "lonely", None)])
    assert (chosen.source, len(chosen.rows)) == ("catalogue", 200)
    assert all(own.indexed for own in chosen.rows)
    assert "lonely" not in {own.product for own in chosen.rows}


@pytest.mark.parametrize(
    ("rows", "said"), [(shop(99, 2), "here are 198, of 99 products"), (shop(9, 100), "900, of 9 products")]
)
def test_too_few_photos_or_products_say_so(rows: list[Row], said: str) -> None:
    chosen = choose_questions(rows)
    assert chosen.rows == []
    assert chosen.reason is not None
    assert said in chosen.reason


def test_a_large_catalogue_is_asked_a_sample_that_does_not_change() -> None:
    rows = shop(2 * QUERIES, 2)
    assert len(choose_questions(rows).rows) == QUERIES
    assert choose_questions(rows) == choose_questions(rows)


def test_test_and_query_photos_are_never_chosen() -> None:
    rows = [
        row(number, f"p{product}", split) for product in range(300) for number, split in enumerate(["test", "query"])
    ]
    assert choose_questions([*rows, *shop(300, 1)]).rows == []


def test_a_fit_gives_back_the_chances_that_the_answers_were_drawn_with() -> None:
    observed = observations(20_000)
    known = observed.part(~observed.stranger)
    found = probabilities(fit(known), known.similarity, known.margin)
    chance = 1 / (1 + np.exp(-(12 * known.similarity + 8 * known.margin - 8)))
    assert np.abs(found - chance).mean() < 0.02


def test_a_product_is_scored_by_a_fit_that_did_not_see_it() -> None:
    observed = observations()
    before = out_of_fold(observed)
    mine = observed.product == 7
    turned = Observations(
        *(np.where(mine, 1 - observed.right, observed.right) if name == "right" else getattr(observed, name)
          for name in Observations.__slots__)
    )  # fmt: skip
    after = out_of_fold(turned)
    np.testing.assert_array_equal(after[mine], before[mine])
    assert (after[~mine] != before[~mine]).any()


def test_the_threshold_is_where_right_matches_outweigh_wrong_ones_by_most() -> None:
    observed = observations()
    predicted = out_of_fold(observed)
    threshold, precision, recall = recommend(predicted, observed)

    def gain(least: float) -> float:
        right = observed.right[predicted >= least]
        return float(right.sum() - WRONG_MATCH * (1 - right).sum())

    assert gain(threshold) == max(gain(least) for least in THRESHOLDS)
    assert precision == pytest.approx(observed.right[predicted >= threshold].mean())
    assert recall == pytest.approx(observed.right[predicted >= threshold].sum() / (~observed.stranger).sum())


def test_the_threshold_does_not_move_with_the_share_of_easy_queries() -> None:
    observed = observations(40_000)
    easy = observed.part((observed.similarity > 0.5) | (observed.query % 4 == 0))
    thresholds = [recommend(out_of_fold(own), own)[0] for own in (observed, easy)]
    assert thresholds == pytest.approx([0.75, 0.75], abs=0.06)


def test_where_no_answer_comes_so_high_its_precision_is_not_known() -> None:
    observed = observations()
    assert recommend(np.full(len(observed), 0.3), observed) == (0.75, None, 0.0)


def test_a_calibration_says_how_good_it_is() -> None:
    observed = observations()
    found = calibrate(observed, out_of_fold(observed), "val")
    assert (found.source, found.queries, found.products) == ("val", 2000, 60)
    assert found.ece < 0.05
    assert found.ece_low < found.ece_high


def test_an_index_with_val_photos_is_calibrated_by_them_and_says_so(calibrated_bundle: Path) -> None:
    generation = next(path for path in calibrated_bundle.iterdir() if (path / "manifest.json").exists())
    own = read_manifest(generation).calibration
    assert isinstance(own, Calibration)
    assert (own.source, own.queries, own.products) == ("val", 200, 100)


def test_calibration_reads_val_but_never_test_or_query(
    tmp_path: Path, calibrated_catalogue: Path, tiny_model: Path
) -> None:
    catalogue = shutil.copytree(calibrated_catalogue.parent, tmp_path / "catalogue") / "catalogue.csv"
    with catalogue.open("a", newline="") as file:
        for number, split in enumerate(["test", "query"] * 150):
            name = f"photos/{split}-{number}.jpg"
            shutil.copyfile(catalogue.parent / "photos" / "P00-0.jpg", catalogue.parent / name)
            csv.writer(file).writerow([name, f"X-{number}", f"P{number % 100:02}", "", "", "", "", split])
    with photos_read() as read:
        indexed = index(Order(catalogue, tiny_model, tmp_path / "out"), Progress())
    assert [image for image in read if "-q" in image]
    assert not [image for image in read if "test-" in image or "query-" in image]
    plain = index(Order(calibrated_catalogue, tiny_model, tmp_path / "plain"), Progress())
    assert indexed.manifest.calibration == plain.manifest.calibration is not None
