"""The address of a product's page: one of the web, in every answer; nothing else is written or shown."""

import hashlib
import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.live import Live
from app.loading import load
from app.settings import Settings
from engine.page_address import page_address
from index_builder.indexing import Order, index
from index_builder.progress import Progress
from tests.app.conftest import Clients
from tests.app.running import ask, photo_of
from tests.app.test_changes import put
from tests.app.test_error_table import check
from tests.changed import put as put_into
from tests.tiny_catalogue import write_catalogue

GOOD = [
    *("https://shop.example", "http://shop.example:8080/a?b=c#d", "HTTPS://shop.example/", "https://[::1]/"),
    "http://läden.example/ß",
]
BAD = [
    *(
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:,x",
    ),
    *("/products/P42", "shop.example/P42", "//shop.example/P42", "ftp://shop.example/P42", "mailto:a@shop.example"),
    *("http://", "https:///P42", "http:shop.example", "http://?a", "https://:443/", " https://shop.example"),
    *(
        "https://shop.example/a b",
        "https://shop.example/\n",
        "https://shop.example\x00",
        "javascript:https://a.example",
    ),
]
SAYS = "must be an absolute address, http:// or https://, without blanks"


@pytest.mark.parametrize("url", GOOD)
def test_an_address_of_the_web_is_shown_as_it_was_written(shop: TestClient, url: str) -> None:
    assert put(shop, "NEW", ("a.jpg", photo_of(40)), url=url).status_code == 200
    assert ask(shop, photo_of(40)).json()["results"][0]["url"] == url
    assert shop.get("/products/NEW").json()["url"] == url


@pytest.mark.parametrize("url", BAD)
def test_no_other_address_is_written(shop: TestClient, url: str) -> None:
    assert SAYS in check(put(shop, "NEW", url=url), "invalid-request")
    assert SAYS in check(shop.patch("/products/P03", json={"url": url}), "invalid-request")
    lines = [{"op": "put", "product_id": "NEW", "url": url}, {"op": "edit", "product_id": "P03", "url": url}]
    operations = (None, "\n".join(map(json.dumps, lines)))
    for result in shop.post("/products/batch", files=[("operations", operations)]).json()["results"]:
        assert SAYS in result["error"]["detail"]
    assert shop.get("/changes").json()["revision"] == 0
    assert page_address(url) is None


def test_an_address_has_a_length_and_may_be_taken_away(shop: TestClient) -> None:
    longest = "https://shop.example/".ljust(2000, "x")
    assert put(shop, "NEW", url=longest).status_code == 200
    assert "at most 2000 characters" in check(put(shop, "NEW", url=longest + "x"), "invalid-request")
    assert shop.patch("/products/NEW", json={"url": None}).status_code == 200
    assert shop.get("/products/NEW").json()["url"] is None


def test_a_result_has_the_address_that_its_catalogue_gives_and_no_other_than_of_the_web(
    clients: Clients, tiny_model: Path, tmp_path: Path
) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue", products=3, queries=0)
    head, *rows = catalogue.read_text().splitlines()
    urls = {"P00": "https://shop.example/P00", "P01": "javascript:alert(1)", "P02": ""}
    table = [f"{head},url", *(f"{row},{urls[row.split(',')[2]]}" for row in rows)]
    catalogue.write_text("\n".join(table))
    bundles = index(Order(catalogue, tiny_model, tmp_path / "bundles"), Progress()).folder.parent
    with clients(live=Live(load(Settings(bundles=bundles)))) as client:
        for answer in (ask(client, photo_of(0)), ask(client, photo_of(0)), client.get("/products/P00/similar")):
            for result in answer.json()["results"]:
                url = urls[result["product_id"]]
                assert result["url"] == (url if url.startswith("https") else None)
        texts = [client.get(own).text for own in ("/products/P01", "/products")]
    assert "javascript" not in "".join(texts)


def test_what_an_older_log_has_is_in_no_answer(shop: TestClient) -> None:
    photo, state = photo_of(40), shop.app_state["service"].writer.state
    shop.post("/products/P03/images", files={"image": ("a.jpg", photo)})  # its file, embedding and thumbnail
    digest = hashlib.sha256(photo).hexdigest()
    revision = put_into(state, "OLD", {"b.jpg": digest}, title="Old", url="javascript:alert(1)")
    found = {own["product_id"]: own for own in ask(shop, photo, min_revision=revision).json()["results"]}
    assert (found["OLD"]["title"], found["OLD"]["url"]) == ("Old", None)
    for path in ("/products/OLD", "/products?limit=200", "/changes", "/products/P03/similar"):
        text = shop.get(path).text
        assert "OLD" in text
        assert "javascript" not in text
