"""What every answer forbids a browser, and that no address and no name of a photo leads out of where it belongs."""

import hashlib
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.problems import TYPE_PREFIX
from engine.bundle.store import current
from tests.app.conftest import Clients
from tests.app.running import ask, photo_of
from tests.app.test_changes import put
from tests.app.test_error_table import check

HTML = ("/", "/docs")
FILES = ("/static/icon.svg", "/docs/assets/docs.js", "/images/P03-0", "/openapi.json", "/metrics", "/nothing")


@pytest.mark.parametrize("path", [*HTML, *FILES])
def test_no_answer_is_guessed_at_framed_or_told_to_others(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers


def test_no_cache_keeps_an_answer_unless_its_route_says_otherwise(client: TestClient, jpeg: bytes) -> None:
    paths = ("/info", "/products", "/products/P03", "/products/P03/similar", "/changes", "/metrics", "/readyz")
    errors = ("/nothing", "/products/P99", "/images/none")
    answers = [ask(client, jpeg), ask(client, b"no photo"), *(client.get(path) for path in (*paths, *errors))]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert client.get("/images/P03-0").headers["Cache-Control"].startswith("private, max-age=")


@pytest.mark.parametrize("path", HTML)
def test_a_page_has_no_script_and_no_style_but_from_files_of_its_own(client: TestClient, path: str) -> None:
    page = client.get(path)
    policy = dict(one.split(" ", 1) for one in page.headers["Content-Security-Policy"].split("; "))
    assert (policy["script-src"], policy["style-src"]) == ("'self'", "'self'")
    assert "unsafe" not in str(policy)
    assert (policy["form-action"], policy["base-uri"]) == ("'none'", "'none'")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text)


@pytest.mark.parametrize("folder", ["images", "samples", "static", "docs/assets"])
@pytest.mark.parametrize("up", ["%2e%2e/", "..%2f", "..%5c", "%252e%252e%252f", "x/%2e%2e/%2e%2e/", "/", "%2f"])
def test_no_address_leads_out_of_the_folders(
    clients: Clients, tiny_catalogue: Path, tiny_bundle: Path, folder: str, up: str
) -> None:
    manifest = tiny_bundle / current(tiny_bundle) / "manifest.json"
    far = (up if up in ("/", "%2f") else up * 12) + str(manifest).lstrip("/")
    near = ("CURRENT", "manifest.json", "main.py", "routes/docs.py", "catalogue.csv")
    with clients(samples=tiny_catalogue.parent / "photos") as client:
        assert client.get("/samples/P03-q0.jpg").status_code == 200
        for place in (far, *(up + own for own in near)):
            for end in ("", "%00", "%00.jpg"):
                answer = client.get(f"/{folder}/{place}{end}")
                nothing = answer.json()["type"].removeprefix(TYPE_PREFIX)
                assert nothing in ("unknown-image", "unknown-route")
                check(answer, nothing)


@pytest.mark.parametrize("name", ["a/b.jpg", "../../up.jpg", "/etc/up.jpg", "..\\up.jpg", "C:up.jpg"])
def test_the_name_of_a_photo_is_a_name_and_never_a_path(shop: TestClient, tmp_path: Path, name: str) -> None:
    assert put(shop, "NEW", (name, photo_of(40))).json()["images"] == [name]
    (photo,) = shop.get("/products/NEW").json()["images"]
    assert shop.get(photo["image_url"]).headers["Content-Type"] == "image/webp"
    stored = [path.name for folder in ("photos", "thumbs") for path in (tmp_path / folder).rglob("*") if path.is_file()]
    assert stored == [hashlib.sha256(photo_of(40)).hexdigest()] * 2
    assert not list(tmp_path.parent.rglob("*up.jpg"))
    assert shop.delete(f"/products/NEW{photo['image_url']}").json()["images"] == []


def test_a_photo_without_a_name_that_can_be_shown_is_refused(shop: TestClient) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a\x00b.jpg"\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = shop.put("/products/NEW", content=form + photo_of(40) + b"\r\n--b--\r\n", headers=headers)
    check(answer, "invalid-request")
    check(shop.get("/products/NEW"), "unknown-product")
