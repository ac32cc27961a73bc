"""Products are put, changed and removed while they are served: found by the next query, gone from the next query."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from engine.changes.log import connect
from tests.app.conftest import Shops
from tests.app.running import ask, photo_of
from tests.app.test_error_table import check

READ = "read-key-read-key-0"


def put(client: TestClient, product_id: str, *photos: tuple[str, bytes], **sent: Any) -> httpx2.Response:
    fields = {name: value for name, value in sent.items() if name != "headers"}
    files: list[tuple[str, Any]] = [("product", (None, json.dumps(fields)))]
    files += [("image", photo) for photo in photos]
    return client.put(f"/products/{product_id}", files=files, headers=sent.get("headers", {}))


def first(client: TestClient, photo: bytes, **params: Any) -> dict[str, Any]:
    answer = ask(client, photo, **params).json()
    return {**answer["results"][0], "revision": answer["revision"], "cached": answer["cached"]}


def test_a_product_that_is_put_is_found_by_the_next_query(shop: TestClient) -> None:
    photo = photo_of(40)
    assert first(shop, photo)["product_id"] != "NEW"
    response = put(shop, "NEW", ("a.jpg", photo), ("b.jpg", photo_of(40, 8)), title="New one", meta="M", leaf="L")
    assert response.status_code == 200, response.text
    change = response.json()
    assert (change["product_id"], change["images"], change["replayed"]) == ("NEW", ["a.jpg", "b.jpg"], False)
    found = first(shop, photo)
    assert (found["product_id"], found["image_id"], found["distance"]) == ("NEW", "a.jpg", 0)
    assert (found["title"], found["category"]) == ("New one", {"meta": "M", "level2": None, "leaf": "L"})
    assert (found["revision"], found["cached"]) == (change["revision"], False)
    assert found["image_url"] == "/images/a.jpg"
    assert shop.get("/images/a.jpg").headers["Content-Type"] == "image/webp"
    assert first(shop, photo, category="meta:M")["product_id"] == "NEW"
    info = shop.get("/info").json()
    assert (info["rows"], info["products"], info["revision"]) == (62, 21, change["revision"])
    assert {"meta": "M", "level2": None, "leaf": "L"} in [own["category"] for own in info["categories"]]


def test_a_product_that_is_removed_is_not_in_the_next_answer(shop: TestClient, jpeg: bytes) -> None:
    assert first(shop, jpeg)["product_id"] == "P03"
    assert shop.delete("/products/P03").json()["etag"] is None
    answer = ask(shop, jpeg, limit=200).json()
    assert len(answer["results"]) == 19
    assert "P03" not in [own["product_id"] for own in answer["results"]]
    check(shop.get("/products/P03"), "unknown-product")
    check(shop.get("/images/P03-0"), "unknown-image")
    check(shop.delete("/products/P03"), "unknown-product")


def test_a_revision_that_does_not_come_is_a_conflict(shop: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.changes.follow.PATIENCE", 0.1)
    check(ask(shop, photo_of(3), min_revision=9), "revision-not-reached")
    check(shop.get("/products/P03/similar?min_revision=9"), "revision-not-reached")


def test_photos_are_added_and_removed_one_by_one(shop: TestClient) -> None:
    response = shop.post("/products/P03/images", files=[("image", ("extra.jpg", photo_of(40)))])
    assert response.json()["images"] == ["P03-0", "P03-1", "P03-2", "extra.jpg"]
    assert first(shop, photo_of(40))["image_id"] == "extra.jpg"
    assert shop.get("/images/P03-0").status_code == 200  # the generation's own thumbnail
    assert shop.delete("/products/P03/images/P03-1").json()["images"] == ["P03-0", "P03-2", "extra.jpg"]
    assert "no photo 'P03-1'" in check(shop.delete("/products/P03/images/P03-1"), "unknown-image")
    check(shop.delete("/products/P99/images/P03-1"), "unknown-product")
    for image in ("P03-0", "P03-2", "extra.jpg"):
        shop.delete(f"/products/P03/images/{image}")
    assert shop.get("/products/P03").json()["images"] == []


def test_an_address_that_may_mean_two_things_changes_neither(shop: TestClient) -> None:
    put(shop, "A", ("B", photo_of(40)))
    put(shop, "A/images/B", ("c.jpg", photo_of(41)))
    response = shop.delete("/products/A%2Fimages%2FB")
    check(response, "invalid-request")
    assert "'A/images/B'" in response.json()["detail"]
    assert len(shop.get("/products/A").json()["images"]) == 1
    line = {"op": "delete", "product_id": "A/images/B"}
    answer = shop.post("/products/batch", files=[("operations", (None, json.dumps(line)))])
    assert answer.json()["done"] == 1
    assert shop.delete("/products/A/images/B").json()["images"] == []


def test_a_product_is_replaced_whole(shop: TestClient) -> None:
    put(shop, "P03", ("only.jpg", photo_of(40)), title="Another")
    product = shop.get("/products/P03").json()
    assert (product["title"], [own["image_id"] for own in product["images"]]) == ("Another", ["only.jpg"])
    assert product["category"] == {"meta": None, "level2": None, "leaf": None}


def test_what_is_known_of_a_product_changes_and_its_photos_stay(shop: TestClient, jpeg: bytes) -> None:
    response = shop.get("/products/P03")
    before, etag = response.json(), response.headers["ETag"]
    response = shop.patch("/products/P03", json={"title": "Changed", "level2": None})
    assert response.status_code == 200, response.text
    assert len(response.json()["images"]) == len(before["images"])
    found = first(shop, jpeg)
    assert (found["product_id"], found["title"]) == ("P03", "Changed")
    assert found["category"] == {**before["category"], "level2": None}
    images = [shop.get("/products/P03").json()["images"], before["images"]]
    assert len({tuple(own["image_id"] for own in each) for each in images}) == 1
    check(shop.patch("/products/P03", json={"title": "Once more"}, headers={"If-Match": etag}), "product-changed")
    check(shop.patch("/products/nobody", json={"title": "Whose?"}), "unknown-product")
    check(shop.patch("/products/P03", json={"color": "red"}), "invalid-request")
    check(shop.patch("/products/P03", data={"title": "a form"}), "unsupported-content-type")
    keyed = {"Idempotency-Key": "patched", "Content-Type": "application/merge-patch+json"}
    for replayed in (False, True):
        answer = shop.patch("/products/P03", content=b'{"url": "https://shop/P03"}', headers=keyed).json()
        assert answer["replayed"] is replayed
    check(shop.patch("/products/P03", content=b'{"url": null}', headers=keyed), "key-used")


def test_a_change_to_what_is_no_longer_so_is_refused(shop: TestClient) -> None:
    etag = shop.get("/products/P03").headers["ETag"]
    assert put(shop, "P03", ("a.jpg", photo_of(40)), headers={"If-Match": etag}).status_code == 200
    check(put(shop, "P03", ("b.jpg", photo_of(40)), headers={"If-Match": etag}), "product-changed")
    check(shop.delete("/products/P03", headers={"If-Match": etag}), "product-changed")
    check(put(shop, "NEW", headers={"If-Match": "*"}), "product-changed")
    now = shop.get("/products/P03").headers["ETag"]
    assert shop.delete("/products/P03", headers={"If-Match": f'"x", {now}'}).status_code == 200


def test_a_request_that_is_sent_twice_under_one_key_is_done_once(shop: TestClient) -> None:
    key = {"Idempotency-Key": "k1"}
    first_answer = put(shop, "NEW", ("a.jpg", photo_of(40)), headers=key).json()
    shop.delete("/products/NEW")
    again = put(shop, "NEW", ("a.jpg", photo_of(40)), headers=key).json()
    assert again == first_answer | {"replayed": True}
    check(shop.get("/products/NEW"), "unknown-product")
    check(put(shop, "NEW", ("a.jpg", photo_of(41)), headers=key), "key-used")


def test_an_empty_key_is_none(shop: TestClient) -> None:
    for product in ("NEW", "OTHER"):
        assert put(shop, product, headers={"Idempotency-Key": ""}).json()["replayed"] is False


def test_an_image_id_belongs_to_one_product(shop: TestClient) -> None:
    check(put(shop, "NEW", ("P03-0", photo_of(40))), "image-taken")
    shop.delete("/products/P03")
    assert put(shop, "NEW", ("P03-0", photo_of(40))).status_code == 200
    check(put(shop, "OTHER", ("P03-0", photo_of(40))), "image-taken")
    check(put(shop, "NEW", ("x", photo_of(40)), ("x", photo_of(41))), "invalid-request")


def test_a_photo_that_is_sent_again_is_not_encoded_again(shop: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    put(shop, "NEW", ("a.jpg", photo_of(40)))
    monkeypatch.setattr("app.changes.write.decode", None)  # any use of it fails
    assert put(shop, "NEW", ("a.jpg", photo_of(40)), title="By night").status_code == 200
    operations = ("operations", (None, json.dumps({"op": "put", "product_id": "ALSO", "images": ["b.jpg"]})))
    sent = [operations, ("image", ("b.jpg", photo_of(40)))]
    assert shop.post("/products/batch", files=sent).json()["done"] == 1
    assert {own["product_id"] for own in ask(shop, photo_of(40)).json()["results"][:2]} == {"NEW", "ALSO"}
    assert shop.get("/images/b.jpg").status_code == 200


def test_a_photo_that_cannot_be_used_changes_nothing(shop: TestClient) -> None:
    for response in (
        put(shop, "NEW", ("a.jpg", photo_of(40)), ("b.jpg", b"no photo")),
        shop.post(
            "/products/P03/images", files=[("image", ("a.jpg", photo_of(40))), ("image", ("b.jpg", b"no photo"))]
        ),
    ):
        assert check(response, "unreadable-photo").startswith("image 'b.jpg': the bytes are not an image")
    too_large = put(shop, "NEW", ("a.jpg", photo_of(40)), ("b.jpg", b"\xff" * 20_000_001))
    assert check(too_large, "too-large").startswith("image 'b.jpg': the photo is larger")
    check(put(shop, "NEW", ("a.jpg", photo_of(40)), colour="red"), "invalid-request")
    check(shop.put("/products/NEW", files=[("picture", ("a.jpg", photo_of(40)))]), "invalid-request")
    check(shop.put("/products/NEW", content=b"x", headers={"Content-Type": "image/jpeg"}), "unsupported-content-type")
    check(shop.post("/products/P03/images", files=[("product", (None, "{}"))]), "invalid-request")
    check(shop.get("/products/NEW"), "unknown-product")
    assert shop.get("/changes").json() == {"changes": [], "revision": 0, "complete": True}


def test_changes_are_listed_in_order_and_the_last_word_counts(shop: TestClient) -> None:
    put(shop, "A", ("a.jpg", photo_of(40)), title="First")
    put(shop, "B")
    put(shop, "A", ("c.jpg", photo_of(41)), title="Second")
    shop.delete("/products/P03")
    listed = shop.get("/changes").json()
    assert [(own["revision"], own["product_id"], own["deleted"]) for own in listed["changes"]] == [
        (2, "B", False),
        (3, "A", False),
        (4, "P03", True),
    ]
    assert (listed["changes"][1]["title"], listed["changes"][1]["images"]) == ("Second", ["c.jpg"])
    page = shop.get("/changes?since=2&limit=1").json()
    assert ([own["revision"] for own in page["changes"]], page["complete"]) == ([3], False)
    page = shop.get("/changes?since=3&limit=1").json()
    assert ([own["revision"] for own in page["changes"]], page["complete"]) == ([4], True)
    assert shop.get("/changes?since=4&limit=1").json() == {"changes": [], "revision": 4, "complete": True}


def test_a_log_that_another_process_holds_is_busy_and_its_path_nobodys_business(
    shop: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    log = shop.app_state["service"].writer.state.log
    log._writer.execute("PRAGMA busy_timeout = 100")
    other = connect(log.path)
    other.execute("BEGIN IMMEDIATE")
    response = shop.delete("/products/P03")
    other.close()
    assert check(response, "busy") == "another process is changing the catalogue; try again shortly"
    assert str(log.path) in caplog.text
    assert shop.delete("/products/P03").status_code == 200


def test_a_log_that_is_read_for_long_holds_up_nobody_else(shop: TestClient) -> None:
    log = shop.app_state["service"].writer.state.log
    with ThreadPoolExecutor(2) as pool:
        with log._reading:  # as a look-up for a batch of changes holds it
            changes = pool.submit(shop.get, "/changes")
            time.sleep(0.2)
            assert pool.submit(shop.get, "/livez").result(60).status_code == 200
            assert not changes.done()
        assert changes.result(60).json()["complete"] is True


def test_a_list_has_what_was_changed_with_and_without_photos(shop: TestClient) -> None:
    put(shop, "A", ("a b.jpg", photo_of(40)), title="First", meta="M")
    put(shop, "P035", title="Without a photo", meta="M")
    shop.delete("/products/P04")
    revision = put(shop, "Z", meta="N").json()["revision"]
    page = shop.get("/products", params={"limit": 7, "min_revision": revision}).json()
    assert [own["product_id"] for own in page["products"]] == ["A", "P00", "P01", "P02", "P03", "P035", "P05"]
    assert (page["next"], page["revision"]) == ("P05", revision)
    first, without = page["products"][0], page["products"][5]
    assert (first["title"], first["images"], first["image_url"]) == ("First", ["a b.jpg"], "/images/a%20b.jpg")
    assert (without["images"], without["image_url"]) == ([], None)
    listed = shop.get("/products?category=meta:M").json()["products"]
    assert [own["product_id"] for own in listed] == ["A", "P035"]


def test_the_metrics_count_changes_and_what_they_leave(shop: TestClient) -> None:
    key = {"Idempotency-Key": "k1"}
    for _ in range(2):
        put(shop, "NEW", ("a.jpg", photo_of(40)), ("b.jpg", photo_of(41)), headers=key)
    put(shop, "NEW", colour="red")
    put(shop, "NEW", ("a.jpg", b"no photo"))
    shop.post("/products/P03/images", files=[("image", ("c.jpg", photo_of(42)))])
    shop.delete("/products/P03/images/P03-0")
    shop.delete("/products/P04")
    shop.delete("/products/P04")
    lines = b'{"op": "delete", "product_id": "NEW"}\n{"op": "delete", "product_id": "NEW"}\n{"op": "upsert"}\n{'
    assert shop.post("/products/batch", files={"operations": lines}).status_code == 200
    text = shop.get("/metrics").text
    counted = dict(re.findall(r"^twinshot_changes_total{(.*)} (\S+)$", text, re.MULTILINE))
    assert counted == {
        'kind="put",outcome="done"': "1.0",
        'kind="put",outcome="replayed"': "1.0",
        'kind="put",outcome="refused"': "2.0",
        'kind="add_images",outcome="done"': "1.0",
        'kind="delete_image",outcome="done"': "1.0",
        'kind="delete",outcome="done"': "2.0",
        'kind="delete",outcome="refused"': "2.0",
        'kind="unknown",outcome="refused"': "2.0",
    }
    assert 'twinshot_change_seconds_count{request="single"} 5.0' in text
    assert 'twinshot_change_seconds_count{request="batch"} 1.0' in text
    assert "twinshot_revision 5.0" in text
    assert "twinshot_changed_products 3.0" in text
    # NEW brought 2 photos, which went with it; P03 had 3, then 4, then 3 again; the 3 of P04 went
    assert "twinshot_generation_rows 57.0" in text
    assert "twinshot_added_rows 9.0" in text
    assert "twinshot_gone_rows 12.0" in text


def test_changes_want_the_write_key_and_a_state(shops: Shops, client: TestClient) -> None:
    with shops(read_key=READ) as shop:
        shop.headers.pop("Authorization", None)
        for key, kind in ((None, "unauthorized"), ("wrong", "unauthorized"), (READ, "read-only-key")):
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            check(put(shop, "NEW", headers=headers), kind)
            check(shop.delete("/products/P03", headers=headers), kind)
            check(shop.post("/admin/reload", headers=headers), kind)
        assert "TWINSHOT_WRITE_KEY" in shop.delete("/products/P03", headers=headers).json()["detail"]
        assert shop.get("/changes", headers={"Authorization": f"Bearer {READ}"}).status_code == 200
        assert shop.get("/info", headers={"Authorization": f"Bearer {READ}"}).json()["writable"] is True
    with shops(write_key=None) as shop:
        assert "TWINSHOT_WRITE_KEY is not set" in check(put(shop, "NEW"), "changes-off")
        assert shop.get("/info").json()["writable"] is False
    check(client.delete("/products/P03"), "changes-off")
