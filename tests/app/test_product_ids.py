"""Ids whose address is that of something else: a slip in a method must not make a product of one."""

import json
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.app.test_changes import put
from tests.app.test_error_table import check


@pytest.mark.parametrize(
    ("product_id", "meant"),
    [
        ("P03/images", "POST /products/P03/images adds photos to 'P03'"),
        ("a/b/images", "POST /products/a/b/images adds photos to 'a/b'"),
        ("P03/similar", "GET /products/P03/similar lists what is like 'P03'"),
        ("batch", "POST /products/batch makes many changes"),
    ],
)
def test_an_address_of_something_else_makes_and_changes_no_product(
    shop: TestClient, product_id: str, meant: str
) -> None:
    says = f"product_id: {product_id!r} can be no product's id: {meant}"
    assert check(put(shop, product_id, title="A slip"), "invalid-request") == says
    assert check(put(shop, quote(product_id, safe=""), title="A slip"), "invalid-request") == says
    elsewhere = f"{says}; a product that a catalogue calls so is changed by POST /products/batch"
    assert check(shop.patch(f"/products/{product_id}", json={"title": "A slip"}), "invalid-request") == elsewhere
    assert check(shop.delete(f"/products/{product_id}"), "invalid-request") == elsewhere
    lines = [{"op": "put", "product_id": product_id}, {"op": "delete", "product_id": product_id}]
    operations = (None, "\n".join(map(json.dumps, lines)))
    one, other = shop.post("/products/batch", files=[("operations", operations)]).json()["results"]
    assert one["error"]["detail"] == says
    assert one["error"]["status"] == 422
    assert other["error"]["status"] == 404  # a catalogue may have it
    assert shop.get("/changes").json()["revision"] == 0


@pytest.mark.parametrize("product_id", ["images", "similar", "batches", "batch/1", "P03images", "A/images/B"])
def test_an_id_that_only_looks_like_a_route_is_one(shop: TestClient, product_id: str) -> None:
    assert put(shop, product_id, title="Mine").status_code == 200
    assert shop.get(f"/products/{product_id}").json()["title"] == "Mine"
