"""GET /products/{id}, its neighbours, GET /images/{id} and GET /info."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.live import Loaded
from engine.codes import hamming
from tests.app.test_error_table import check


def test_a_product_shows_its_photos(client: TestClient) -> None:
    product = client.get("/products/P07").json()
    assert product["title"] == "Drawn product 7"
    assert product["category"] == {"meta": "meta1", "level2": "level1", "leaf": "leaf3"}
    assert [own["image_id"] for own in product["images"]] == ["P07-0", "P07-1", "P07-2"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/products/P99", "no product 'P99'"),
        ("/products/P99/similar", "no product 'P99'"),
        ("/images/P99-0", "no image 'P99-0'"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_else(client: TestClient, path: str, says: str) -> None:
    assert client.get(path).json()["detail"] == says


def test_a_product_is_sent_whole_and_not_to_be_kept(client: TestClient, loaded: Loaded) -> None:
    """Its tag says what may be changed: addresses of thumbnails, generation and revision are not in it."""
    first = client.get("/products/P07")
    without = replace(loaded, generation=replace(loaded.generation, thumbs=None))
    client.app_state["service"].live.switch(without)
    again = client.get("/products/P07", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.headers["ETag"]) == (200, first.headers["ETag"])
    assert (first.json()["images"][0]["image_url"], again.json()["images"][0]["image_url"]) == ("/images/P07-0", None)
    assert again.headers["Cache-Control"] == "no-store"
    assert client.get("/products/P08").headers["ETag"] != first.headers["ETag"]


def test_products_are_listed_in_the_order_of_their_ids_page_by_page(client: TestClient) -> None:
    whole = client.get("/products?limit=200").json()
    assert [own["product_id"] for own in whole["products"]] == [f"P{number:02}" for number in range(20)]
    assert (whole["next"], whole["revision"]) == (None, 0)
    assert whole["products"][7] == {
        "product_id": "P07",
        "title": "Drawn product 7",
        "url": None,
        "category": {"meta": "meta1", "level2": "level1", "leaf": "leaf3"},
        "images": ["P07-0", "P07-1", "P07-2"],
        "image_url": "/images/P07-0",
    }
    pages, after = [], ""
    while after is not None:
        page = client.get("/products", params={"limit": 8, "after": after}).json()
        pages.append([own["product_id"] for own in page["products"]])
        after = page["next"]
    assert [len(own) for own in pages] == [8, 8, 4]
    assert [own for page in pages for own in page] == [own["product_id"] for own in whole["products"]]


def test_a_last_page_that_is_full_says_that_it_is_the_last(client: TestClient) -> None:
    page = client.get("/products?limit=5&after=P14").json()
    assert ([own["product_id"] for own in page["products"]][-1], page["next"]) == ("P19", None)
    assert client.get("/products?after=P19").json()["products"] == []


def test_a_list_is_narrowed_to_categories(client: TestClient) -> None:
    page = client.get("/products", params={"category": ["leaf:leaf1", "leaf6"]}).json()
    assert [own["product_id"] for own in page["products"]] == ["P02", "P03", "P12", "P13"]
    check(client.get("/products?category=leaf:shoes"), "unknown-category")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=many", "offset=3", "min_revision=-1"])
def test_a_list_that_cannot_be_made_is_refused(client: TestClient, query: str) -> None:
    check(client.get(f"/products?{query}"), "invalid-request")


def test_similar_products_come_by_the_smallest_distance_between_any_codes(client: TestClient, loaded: Loaded) -> None:
    generation = loaded.generation
    own = generation.codes(generation.table.product("P03"))
    expected = sorted(
        (min(int(hamming(code, generation.codes(generation.table.product(other))).min()) for code in own), other)
        for other in (f"P{number:02}" for number in range(20))
        if other != "P03"
    )
    answer = client.get("/products/P03/similar?limit=50").json()
    assert [(result["distance"], result["product_id"]) for result in answer["results"]] == expected
    for result in answer["results"]:
        assert result["score"] is None
        assert np.isclose(result["similarity"], 1 - 2 * result["distance"] / 64, atol=1e-6)


def test_of_many_photos_the_first_are_asked_with(
    client: TestClient, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.search.ASKED", 1)
    generation = loaded.generation
    first = generation.codes(generation.table.product("P03"))[:1]
    for result in client.get("/products/P03/similar?limit=50").json()["results"]:
        theirs = generation.codes(generation.table.product(result["product_id"]))
        assert result["distance"] == hamming(first[0], theirs).min()


def test_similar_products_are_paged_and_narrowed(client: TestClient) -> None:
    whole = client.get("/products/P03/similar?limit=50").json()["results"]
    page = client.get("/products/P03/similar?limit=4&offset=3").json()["results"]
    assert page == whole[3:7]
    narrowed = client.get("/products/P03/similar?limit=50&category=meta:meta1&exclude=P02&exclude=P06").json()[
        "results"
    ]
    assert "P02" not in {own["product_id"] for own in narrowed}
    assert {own["category"]["meta"] for own in narrowed} == {"meta1"}


def test_a_thumbnail_is_a_small_webp_without_metadata(client: TestClient) -> None:
    response = client.get("/images/P03-0")
    assert response.headers["Content-Type"] == "image/webp"
    assert "max-age" in response.headers["Cache-Control"]
    with Image.open(BytesIO(response.content)) as thumb:
        assert max(thumb.size) <= 256
        assert not thumb.getexif()


def test_a_thumbnail_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    etag = client.get("/images/P03-0").headers["ETag"]
    assert client.get("/images/P03-0", headers={"If-None-Match": etag}).status_code == 304


def test_every_result_points_at_a_thumbnail_that_is_there(client: TestClient) -> None:
    for result in client.get("/products/P03/similar?limit=5").json()["results"]:
        assert client.get(result["image_url"]).status_code == 200


def test_info_says_what_is_served(client: TestClient, loaded: Loaded) -> None:
    info = client.get("/info").json()
    assert (info["generation"], info["rows"], info["products"]) == (loaded.generation.id, 60, 20)
    assert sum(own["rows"] for own in info["categories"]) == 60
    assert info["calibration"]["available"] is False
    assert "min_score" in info["calibration"]["reason"]
    assert info["limits"]["photo_types"] == ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]
    assert info["cache"] == "memory"
    assert info["writable"] is False


def test_every_category_that_info_lists_can_be_asked_for(client: TestClient) -> None:
    for own in client.get("/info").json()["categories"]:
        answer = client.get("/products/P03/similar", params={"category": own["filter"], "limit": 1})
        assert answer.json()["results"][0]["category"] == own["category"]
