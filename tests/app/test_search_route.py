"""POST /search: what it answers to good photos."""

import pytest
from starlette.testclient import TestClient

from app.live import Loaded
from engine.preprocess import load as pixels_of
from engine.ranking import rank
from tests.app.conftest import Clients
from tests.app.running import ask


def test_a_photo_finds_its_product(client: TestClient, jpeg: bytes) -> None:
    answer = ask(client, jpeg).json()
    assert answer["results"][0]["product_id"] == "P03"
    assert len(answer["results"]) == 10


def test_the_answer_has_exactly_the_documented_fields(client: TestClient, jpeg: bytes, loaded: Loaded) -> None:
    response = ask(client, jpeg, limit=1)
    answer = response.json()
    assert list(answer) == ["results", "query", "generation", "revision", "cached", "took_ms", "request_id"]
    assert list(answer["results"][0]) == [
        *("rank", "product_id", "score", "match", "similarity", "distance"),
        *("image_id", "image_url", "title", "url", "category"),
    ]
    assert answer["results"][0]["score"] is None
    assert answer["results"][0]["match"] is None
    assert answer["results"][0]["url"] is None
    assert answer["results"][0]["category"] == {"meta": "meta0", "level2": "level0", "leaf": "leaf1"}
    assert answer["generation"] == loaded.generation.id
    assert answer["revision"] == 0
    assert (answer["query"]["width"], answer["query"]["height"]) == (96, 96)
    assert sum(guess["probability"] for guess in answer["query"]["categories"]["meta"]) == pytest.approx(1, abs=1e-3)
    assert answer["request_id"] == response.headers["X-Request-ID"]


def test_the_order_is_the_engines(client: TestClient, jpeg: bytes, loaded: Loaded) -> None:
    pixels = pixels_of(jpeg, loaded.encoder.card.preprocessing)
    embedding = loaded.encoder.encode(pixels[None]).embeddings[0]
    expected = rank(loaded.generation, embedding, 20, loaded.generation.manifest.scope).found
    answer = ask(client, jpeg, limit=20).json()
    assert [(own["product_id"], own["image_id"], own["distance"]) for own in answer["results"]] == [
        (own.product_id, own.image_id, own.distance) for own in expected
    ]


def test_raw_bytes_answer_as_a_form_does(client: TestClient, jpeg: bytes) -> None:
    raw = client.post("/search", content=jpeg, headers={"Content-Type": "image/jpeg"}).json()
    assert raw["results"] == ask(client, jpeg).json()["results"]


def test_pages_are_slices_of_one_list(client: TestClient, jpeg: bytes) -> None:
    pages = [ask(client, jpeg, limit=7, offset=offset).json()["results"] for offset in (0, 7, 14)]
    whole = ask(client, jpeg, limit=200).json()["results"]
    assert [result for page in pages for result in page] == whole
    assert [result["rank"] for result in whole] == list(range(1, 21))


def test_a_page_beyond_the_last_product_is_empty(client: TestClient, jpeg: bytes) -> None:
    assert ask(client, jpeg, offset=199, limit=1).json()["results"] == []


def test_the_second_answer_comes_from_the_cache_and_is_the_same(client: TestClient, jpeg: bytes) -> None:
    first, second = (ask(client, jpeg).json() for _ in range(2))
    assert (first.pop("cached"), second.pop("cached")) == (False, True)
    for answer in (first, second):
        del answer["took_ms"], answer["request_id"]
    assert first == second


def test_pages_up_to_the_thirtieth_place_come_from_one_cached_list(client: TestClient, jpeg: bytes) -> None:
    assert ask(client, jpeg, limit=1).json()["cached"] is False
    assert ask(client, jpeg, limit=10, offset=20).json()["cached"] is True


def test_other_filters_reuse_the_embedding_and_answer_alike(client: TestClient, jpeg: bytes) -> None:
    fresh = ask(client, jpeg, limit=20).json()
    narrowed = ask(client, jpeg, limit=20, exclude="P03")
    assert narrowed.json()["cached"] is False
    assert "encode" not in narrowed.headers["Server-Timing"]
    shown = [result | {"rank": 0} for result in narrowed.json()["results"]]
    assert shown == [result | {"rank": 0} for result in fresh["results"] if result["product_id"] != "P03"]


def test_a_category_narrows_the_answer_and_several_mean_any(client: TestClient, jpeg: bytes) -> None:
    leaves = {
        result["category"]["leaf"]
        for result in ask(client, jpeg, category=["leaf:leaf1", "leaf6"], limit=50).json()["results"]
    }
    assert leaves == {"leaf1", "leaf6"}


def test_excluded_products_are_left_out(client: TestClient, jpeg: bytes) -> None:
    ids = [own["product_id"] for own in ask(client, jpeg, exclude=["P03", "P10"], limit=50).json()["results"]]
    assert len(ids) == 18
    assert not {"P03", "P10"} & set(ids)


def test_a_box_is_another_question(client: TestClient, jpeg: bytes) -> None:
    whole = ask(client, jpeg).json()
    part = ask(client, jpeg, box="0.1,0.1,0.6,0.6").json()
    assert part["cached"] is False
    assert part["results"] != whole["results"]


def test_the_smallest_box_still_answers(client: TestClient, jpeg: bytes) -> None:
    assert ask(client, jpeg, box="0.5,0.5,0.5000001,0.5000001").status_code == 200


def test_server_timing_names_every_stage(client: TestClient, jpeg: bytes) -> None:
    stages = {part.split(";")[0] for part in ask(client, jpeg).headers["Server-Timing"].split(", ")}
    assert stages == {"cache", "queue", "decode", "encode", "search", "rank"}


def test_a_sane_request_id_is_kept_and_another_replaced(client: TestClient) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "shop-42.a_b"}).headers["X-Request-ID"] == "shop-42.a_b"
    for strange in ("a" * 65, "with space", "<script>"):
        made = client.get("/livez", headers={"X-Request-ID": strange}).headers["X-Request-ID"]
        assert len(made) == 32


def test_a_cache_of_no_bytes_keeps_nothing(clients: Clients, jpeg: bytes) -> None:
    with clients(cache_bytes=0) as client:
        assert [ask(client, jpeg).json()["cached"] for _ in range(2)] == [False, False]
        assert "twinshot_cache_entries 0.0" in client.get("/metrics").text
