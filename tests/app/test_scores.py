"""Scores, matches and min_score of a generation with a calibration."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.live import Live, Loaded
from app.loading import load
from app.settings import Settings
from engine.calibration import Calibration, scores
from tests.app.conftest import Clients
from tests.app.running import ask, photo_of


@pytest.fixture(scope="module")
def scored(calibrated_bundle: Path) -> Loaded:
    return load(Settings(bundles=calibrated_bundle))


@pytest.fixture
def shop(clients: Clients, scored: Loaded) -> Iterator[TestClient]:
    with clients(Live(scored)) as client:
        yield client


@pytest.fixture
def calibration(scored: Loaded) -> Calibration:
    own = scored.generation.manifest.calibration
    assert own is not None
    return own


def results(shop: TestClient, product: int = 3, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(shop, photo_of(product), **params).json()["results"]
    return found


def test_scores_are_the_engines_and_never_rise(shop: TestClient, calibration: Calibration) -> None:
    found = results(shop, limit=100)
    own = [result["score"] for result in found]
    assert own == scores(calibration.formula, [result["similarity"] for result in found])
    assert own == sorted(own, reverse=True)
    assert found[0]["product_id"] == "P03"


def test_a_match_is_what_reaches_the_recommended_threshold(shop: TestClient, calibration: Calibration) -> None:
    sure = 0
    for product in range(0, 100, 5):
        found = ask(shop, photo_of(product)).json()["results"]
        assert [result["match"] for result in found] == [own["score"] >= calibration.min_score for own in found]
        assert not any(result["match"] for result in found[1:])
        sure += found[0]["match"]
    assert sure > 0


def test_a_score_is_the_same_on_every_page(clients: Clients, scored: Loaded) -> None:
    with clients(Live(scored)) as client:
        alone = results(client, limit=1)  # asked first: nothing longer is in the cache
    with clients(Live(scored)) as client:
        whole = results(client, limit=30)
        pages = [result for offset in (0, 10, 20) for result in results(client, limit=10, offset=offset)]
    assert alone == whole[:1]
    assert pages == whole


def test_min_score_leaves_out_the_end_of_the_list(shop: TestClient) -> None:
    stranger, whole = max(
        ((product, results(shop, product, limit=100)) for product in range(200, 210)),
        key=lambda own: own[1][3]["score"],
    )
    least = whole[3]["score"]
    assert least > 0
    kept = [result for result in whole if result["score"] >= least]
    assert 4 <= len(kept) < 100
    assert results(shop, stranger, limit=100, min_score=least) == kept
    assert results(shop, stranger, limit=3, offset=2, min_score=least) == kept[2:5]
    assert results(shop, min_score=1) == []


def test_a_batch_has_the_same_scores(shop: TestClient) -> None:
    files = [("image", photo_of(3)), ("image", photo_of(4))]
    answers = shop.post("/search/batch", files=files).json()["answers"]
    assert answers[0]["results"] == results(shop)
    assert all(result["score"] is not None for result in answers[1]["results"])
    none = shop.post("/search/batch", files=files, params={"min_score": 1}).json()["answers"]
    assert [answer["results"] for answer in none] == [[], []]


def test_a_product_alone_in_what_is_searched_has_a_score(shop: TestClient, calibration: Calibration) -> None:
    others = [f"P{number:02}" for number in range(100) if number != 3]
    (only,) = results(shop, exclude=others)
    assert only["product_id"] == "P03"
    assert only["score"] == scores(calibration.formula, [only["similarity"]])[0]


def test_similar_products_have_no_score(shop: TestClient) -> None:
    for result in shop.get("/products/P03/similar").json()["results"]:
        assert (result["score"], result["match"]) == (None, None)


def test_info_says_what_scores_were_calibrated_with(shop: TestClient, calibration: Calibration) -> None:
    told = shop.get("/info").json()["calibration"]
    assert told == {
        "available": True,
        "reason": None,
        **calibration.model_dump(include={"source", "queries", "ece", "min_score", "precision", "recall"}),
    }
