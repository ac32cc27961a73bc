"""POST /products/batch: many changes at once, each done or refused by itself."""

import json
import threading
import time
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from app.changes import batch
from app.changes.write import NewPhoto, Prepared, prepared
from app.live import Loaded
from app.problems import TYPE_PREFIX
from engine.encoder import Encoded
from engine.preprocess import Pixels
from tests.app.conftest import Shops
from tests.app.running import ask, photo_of
from tests.app.test_changes import put
from tests.app.test_error_table import check

Operation = dict[str, Any]


def send(
    client: TestClient, operations: list[Operation] | bytes, *photos: tuple[str, bytes], **sent: Any
) -> httpx2.Response:
    lines = operations if isinstance(operations, bytes) else b"\n".join(json.dumps(own).encode() for own in operations)
    files: list[tuple[str, Any]] = [("operations", ("operations.jsonl", lines))]
    return client.post("/products/batch", files=files + [("image", own) for own in photos], **sent)


def done(client: TestClient, operations: list[Operation] | bytes, *photos: tuple[str, bytes]) -> list[dict[str, Any]]:
    response = send(client, operations, *photos)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["done"] + answer["refused"] == len(answer["results"])
    assert answer["refused"] == sum(own["error"] is not None for own in answer["results"])
    results: list[dict[str, Any]] = answer["results"]
    return results


def kinds(results: list[dict[str, Any]]) -> list[str | None]:
    return [own["error"] and own["error"]["type"].removeprefix(TYPE_PREFIX) for own in results]


def test_every_operation_is_done_and_found_by_the_next_query(shop: TestClient) -> None:
    operations = [
        {"op": "put", "product_id": "A", "title": "New", "meta": "M", "leaf": "L", "images": ["a.jpg"]},
        {"op": "add_images", "product_id": "P03", "images": ["b.jpg"]},
        {"op": "delete_image", "product_id": "P04", "image_id": "P04-0"},
        {"op": "delete", "product_id": "P05"},
    ]
    response = send(shop, operations, ("a.jpg", photo_of(40)), ("b.jpg", photo_of(41)))
    assert response.status_code == 200, response.text
    answer = response.json()
    assert (answer["done"], answer["refused"], answer["revision"], answer["replayed"]) == (4, 0, 4, False)
    assert answer["request_id"] == response.headers["X-Request-ID"]
    assert [(own["product_id"], own["revision"], own["images"]) for own in answer["results"]] == [
        ("A", 1, ["a.jpg"]),
        ("P03", 2, ["P03-0", "P03-1", "P03-2", "b.jpg"]),
        ("P04", 3, ["P04-1", "P04-2"]),
        ("P05", 4, []),
    ]
    etags = [shop.get(f"/products/{own}").headers["ETag"] for own in ("A", "P03", "P04")]
    assert [own["etag"] for own in answer["results"]] == [*etags, None]
    assert ask(shop, photo_of(40)).json()["results"][0]["product_id"] == "A"
    assert ask(shop, photo_of(41)).json()["results"][0]["image_id"] == "b.jpg"
    check(shop.get("/products/P05"), "unknown-product")
    assert shop.get("/products/A").json()["category"] == {"meta": "M", "level2": None, "leaf": "L"}


def test_of_two_operations_on_one_product_the_second_finds_what_the_first_left(shop: TestClient) -> None:
    operations = [
        {"op": "put", "product_id": "A", "images": ["x"]},
        {"op": "put", "product_id": "B", "images": ["x"]},
        {"op": "delete", "product_id": "A"},
        {"op": "put", "product_id": "B", "images": ["x"]},
        {"op": "delete", "product_id": "A"},
        {"op": "add_images", "product_id": "B", "images": ["y"]},
        {"op": "edit", "product_id": "B", "title": "Edited", "leaf": None},
    ]
    results = done(shop, operations, ("x", photo_of(40)), ("y", photo_of(41)))
    assert kinds(results) == [None, "image-taken", None, None, "unknown-product", None, None]
    assert results[6]["images"] == ["x", "y"]
    assert shop.get("/products/B").json()["title"] == "Edited"


def test_a_refused_operation_answers_what_its_own_route_would(shop: TestClient) -> None:
    operations = [
        {"op": "put", "product_id": "A", "images": ["P03-0"]},
        {"op": "delete", "product_id": "P99"},
        {"op": "delete_image", "product_id": "P03", "image_id": "P03-9"},
        {"op": "delete", "product_id": "P03", "if_match": '"x"'},
        {"op": "put", "product_id": "A", "title": ""},
    ]
    batched = [own["error"] for own in done(shop, operations, ("P03-0", photo_of(40)))]
    alone = [
        put(shop, "A", ("P03-0", photo_of(40))),
        shop.delete("/products/P99"),
        shop.delete("/products/P03/images/P03-9"),
        shop.delete("/products/P03", headers={"If-Match": '"x"'}),
        put(shop, "A", title=""),
    ]
    assert [own | {"request_id": ""} for own in batched] == [own.json() | {"request_id": ""} for own in alone]
    assert shop.get("/changes").json()["revision"] == 0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "line 1 is no JSON"),
        (b"\xff", "line 1 is no JSON"),
        (b"[" * 10_000, "line 1 is no JSON"),
        (b"[1]", "line 1 is no JSON object"),
        (b"{}", "op: the field is missing; there are put, edit, add_images, delete_image, delete"),
        (b'{"op": "upsert"}', "op: there is no 'upsert'"),
        (b'{"op": ["put"]}', "op: there is no"),
        (b'{"op": "put"}', "product_id: the field is missing"),
        (b'{"op": "put", "product_id": "a\\u0000"}', "product_id=a\ufffd: must have no control characters"),
        (b'{"op": "put", "product_id": 7}', "product_id: must be text"),
        (b'{"op": "put", "product_id": "A", "images": "x"}', "images=x: must be a list"),
        (
            b'{"op": "edit", "product_id": "A", "colour": "red"}',
            "colour: no such field; there are title, url, meta, level2, leaf, product_id, if_match, op",
        ),
        (b'{"op": "put", "product_id": "A", "images": ["x", "x"]}', "images: a photo is named twice"),
        (b'{"op": "put", "product_id": "A", "images": ["y"]}', "images: no photo 'y' came with the request"),
        (b'{"op": "add_images", "product_id": "P03"}', "images: the field is missing"),
        (b'{"op": "add_images", "product_id": "P03", "images": []}', "images: the field is empty"),
        (b'{"op": "delete", "product_id": "P03", "image_id": "P03-0"}', "image_id: no such field; there are"),
        (b'{"op": "delete_image", "product_id": "P03"}', "image_id: the field is missing"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused_and_spoils_no_other(shop: TestClient, line: bytes, says: str) -> None:
    bad, good = done(shop, line + b'\r\n\n{"op": "put", "product_id": "GOOD", "images": ["x"]}\n', ("x", photo_of(40)))
    assert kinds([bad, good]) == ["invalid-request", None]
    assert says in bad["error"]["detail"]
    assert "\n" not in bad["error"]["detail"]
    assert (bad["revision"], bad["images"]) == (None, None)
    assert good["images"] == ["x"]


def test_a_photo_that_cannot_be_read_spoils_the_operations_that_name_it_only(shop: TestClient) -> None:
    operations = [
        {"op": "put", "product_id": "A", "images": ["good", "bad"]},
        {"op": "put", "product_id": "B", "images": ["good"]},
        {"op": "add_images", "product_id": "P03", "images": ["bad"]},
    ]
    results = done(shop, operations, ("bad", b"no photo"), ("good", photo_of(40)))
    assert kinds(results) == ["unreadable-photo", None, "unreadable-photo"]
    assert results[0]["error"]["detail"].startswith("image 'bad': ")
    assert ask(shop, photo_of(40)).json()["results"][0]["product_id"] == "B"


def test_many_photos_are_searched_each_as_its_own(shop: TestClient) -> None:
    operations = [{"op": "put", "product_id": f"N{own}", "images": [f"n{own}"]} for own in range(12)]
    assert kinds(done(shop, operations, *((f"n{own}", photo_of(60 + own)) for own in range(12)))) == [None] * 12
    for own in range(12):
        assert ask(shop, photo_of(60 + own)).json()["results"][0]["distance"] == 0
        assert shop.get(f"/images/n{own}").status_code == 200


def test_half_of_the_threads_work_on_a_batch(shops: Shops, monkeypatch: pytest.MonkeyPatch) -> None:
    under_way: list[int] = []
    lock, at_once, several = threading.Lock(), [0], threading.Event()

    def slow(loaded: Loaded, photo: NewPhoto) -> Prepared:
        with lock:
            at_once[0] += 1
            under_way.append(at_once[0])
            alone = len(under_way) == 1
        if at_once[0] > 1:
            several.set()
        time.sleep(0.03)
        assert alone or several.wait(60)  # the first is worked on by itself
        with lock:
            at_once[0] -= 1
        return prepared(loaded, photo)

    monkeypatch.setattr("app.changes.write.prepared", slow)
    names = [f"n{own}" for own in range(9)]
    with shops(threads=4) as shop:
        photos = [(own, photo_of(60 + number)) for number, own in enumerate(names)]
        assert kinds(done(shop, [{"op": "put", "product_id": "A", "images": names}], *photos)) == [None]
    assert max(under_way) == 2


def test_what_cannot_be_said_of_one_operation_refuses_the_request(
    shop: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, photo = [{"op": "put", "product_id": "A", "images": ["x"]}], ("x", photo_of(40))
    assert "'y' is named by no operation" in check(send(shop, one, photo, ("y", photo_of(41))), "invalid-request")
    assert "two photos are called 'x'" in check(send(shop, one, photo, photo), "invalid-request")
    assert "0 operations" in check(send(shop, b"\n\n"), "invalid-request")
    assert "1,001 operations" in check(send(shop, [one[0]] * 1001, photo), "invalid-request")
    assert "0 parts" in check(shop.post("/products/batch", files={"image": photo}), "invalid-request")
    assert "product: " in check(shop.post("/products/batch", files={"product": b"{}"}), "invalid-request")
    check(shop.post("/products/batch", content=b"{}"), "unsupported-content-type")
    monkeypatch.setattr("app.form.MOST_PARTS", 2)
    assert "more than 2 parts" in check(send(shop, one, photo, ("y", b"")), "invalid-request")
    assert shop.get("/changes").json()["revision"] == 0


def test_a_batch_has_a_limit_of_its_own(shops: Shops, monkeypatch: pytest.MonkeyPatch) -> None:
    line = b'{"op": "put", "product_id": "A"}' + b" " * 2000
    with shops(max_body_bytes=1000) as shop:
        assert kinds(done(shop, line)) == [None]
        check(put(shop, "A", title="x" * 1000), "too-large")
    with shops(max_body_bytes=1000, max_buffered_bytes=1500) as shop:
        assert "1,500" in check(send(shop, line), "too-large")
    assert batch.BYTES == 64_000_000
    monkeypatch.setattr("app.changes.batch.BYTES", 1500)
    with shops() as shop:
        check(send(shop, line), "too-large")
        limits = shop.get("/info").json()["limits"]
        assert (limits["changes"], limits["changes_bytes"]) == (1000, 1500)


def test_a_batch_that_is_sent_twice_under_one_key_is_done_once(shop: TestClient) -> None:
    key = {"Idempotency-Key": "k1"}
    operations = [{"op": "put", "product_id": "A"}, {"op": "delete", "product_id": "P99"}]
    first, again = (send(shop, operations, headers=key).json() for _ in range(2))
    assert (first.pop("replayed"), again.pop("replayed")) == (False, True)
    assert first.pop("request_id") != again.pop("request_id")
    assert first == again
    assert shop.get("/changes").json()["revision"] == 1
    check(send(shop, operations[:1], headers=key), "key-used")


def test_all_that_is_done_is_one_transaction(shop: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    log = shop.app_state["service"].writer.state.log
    said: list[str] = []
    log._writer.set_trace_callback(said.append)
    operations = [{"op": "put", "product_id": f"N{own}"} for own in range(50)] + [{"op": "delete", "product_id": "P99"}]
    assert kinds(done(shop, operations)) == [None] * 50 + ["unknown-product"]
    assert [own for own in said if own.startswith(("BEGIN", "COMMIT", "ROLLBACK"))] == ["BEGIN IMMEDIATE", "COMMIT"]


def test_a_batch_that_is_under_way_when_the_service_is_told_to_stop_is_done(shop: TestClient) -> None:
    live = shop.app_state["service"].live

    class Stopping:
        """An encoder that is at work when SIGTERM comes."""

        card = live.loaded.encoder.card

        def encode(self, pixels: Pixels) -> Encoded:
            live.draining = True
            return real.encode(pixels)

    real = live.loaded.encoder
    live.switch(replace(live.loaded, encoder=Stopping()))
    assert kinds(done(shop, [{"op": "put", "product_id": "A", "images": ["a.jpg"]}], ("a.jpg", photo_of(40)))) == [None]
    check(send(shop, [{"op": "delete", "product_id": "A"}]), "shutting-down")


def test_a_batch_wants_the_write_key(shop: TestClient) -> None:
    shop.headers.pop("Authorization")
    check(send(shop, [{"op": "delete", "product_id": "P03"}]), "unauthorized")
    assert shop.get("/products/P03").status_code == 200


def test_with_the_queue_full_photos_are_refused_before_they_are_read_and_the_rest_is_done(shops: Shops) -> None:
    with shops(threads=1, queue=0) as shop:
        gate = shop.app_state["service"].compute.gate
        shop.portal.call(gate.enter)
        unread = ("x", b"no photo: who reads it says 400")
        for response in (
            put(shop, "A", unread),
            shop.post("/products/P03/images", files={"image": unread}),
            send(shop, [{"op": "put", "product_id": "A", "images": ["x"]}], unread),
        ):
            check(response, "busy")
        assert put(shop, "A", title="without a photo").status_code == 200
        assert kinds(done(shop, [{"op": "delete", "product_id": "A"}])) == [None]
        shop.portal.call(gate.leave)
        check(put(shop, "A", unread), "unreadable-photo")
