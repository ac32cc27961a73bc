"""What a bad parameter or setting is told: its name, its value, and what it must be."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.settings import SettingsError, read_settings
from tests.app.running import ask

PAGE = "limit, offset, category, exclude, min_revision"

BAD: list[tuple[dict[str, Any], str]] = [
    ({"limit": "many"}, "limit=many: must be a whole number"),
    ({"limit": "1.5"}, "limit=1.5: must be a whole number"),
    ({"limit": ""}, "limit=: must be a whole number"),
    ({"limit": "9" * 5000}, f"limit={'9' * 60}…: must be a smaller whole number"),
    ({"limit": 0}, "limit=0: must be at least 1"),
    ({"limit": 201}, "limit=201: must be at most 200"),
    ({"offset": 200}, "offset=200: must be less than 200"),
    ({"offset": 195}, "offset + limit is 205, at most 200"),
    ({"min_score": "x"}, "min_score=x: must be a number"),
    ({"min_score": 2}, "min_score=2: must be at most 1"),
    ({"category": ["a", ""]}, "category=: must not be empty"),
    ({"exclude": "x" * 1001}, f"exclude={'x' * 60}…: must have at most 1000 characters"),
    ({"category": ["a"] * 101}, "category: may be given 100 times at most"),
    ({"limit": "1\n\x002"}, "limit=1\ufffd\ufffd2: must be a whole number"),
    ({"box": "0,0,1"}, "box takes four numbers: x0,y0,x1,y1"),
    ({"limt": 3}, "limt: no such parameter; there are limit, offset, category, exclude, min_revision, min_score, box"),
    (
        {"a\nb": 3},
        "a\ufffdb: no such parameter; there are limit, offset, category, exclude, min_revision, min_score, box",
    ),
]


@pytest.mark.parametrize(("params", "says"), BAD, ids=range(len(BAD)))
def test_a_bad_parameter_is_named_with_its_value_and_what_it_must_be(
    client: TestClient, jpeg: bytes, params: dict[str, Any], says: str
) -> None:
    response = ask(client, jpeg, **params)
    assert (response.status_code, response.json()["detail"]) == (422, says)


def test_an_unknown_parameter_is_told_those_of_its_own_route(client: TestClient) -> None:
    response = client.get("/products/P03/similar?min_score=0.5")
    assert (
        response.json()["detail"]
        == "min_score: no such parameter; there are limit, offset, category, exclude, min_revision"
    )


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("/products?foo=1", "foo: no such parameter; there are limit, after, category, min_revision"),
        ("/changes?foo=1", "foo: no such parameter; there are since, limit"),
    ],
)
def test_an_unknown_parameter_of_a_list_too(client: TestClient, query: str, says: str) -> None:
    response = client.get(query)
    assert (response.status_code, response.json()["detail"]) == (422, says)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ('{"colour": "red"}', "colour: no such field; there are title, url, meta, level2, leaf"),
        ('{"title": 7}', "title: must be text"),
        ('{"title": ""}', "title=: must not be empty"),
        ("[1]", "{}: must be a JSON object"),
        ("7", "{}: must be a JSON object"),
        ("{", "{}: is no JSON (EOF while parsing an object at line 1 column 1)"),
        ("", "{}: is no JSON (EOF while parsing a value at line 1 column 0)"),
    ],
)
def test_fields_of_a_product_are_told_what_is_wrong_in_our_words(shop: TestClient, fields: str, says: str) -> None:
    patched = shop.patch("/products/P03", content=fields, headers={"Content-Type": "application/json"})
    assert (patched.status_code, patched.json()["detail"]) == (422, says.format("patch"))
    sent = shop.put("/products/P03", files=[("product", (None, fields))])
    assert (sent.status_code, sent.json()["detail"]) == (422, says.format("product"))


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("PORT", "http", "TWINSHOT_PORT=http: must be a whole number (docs/settings.md)"),
        ("DEVICE", "gpu", "TWINSHOT_DEVICE=gpu: must be 'cpu' or 'cuda' (docs/settings.md)"),
        ("BODY_GRACE", "0", "TWINSHOT_BODY_GRACE=0: must be greater than 0 (docs/settings.md)"),
        ("BODY_GRACE", "601", "TWINSHOT_BODY_GRACE=601: must be at most 600 (docs/settings.md)"),
    ],
)
def test_a_bad_setting_is_told_in_the_same_words(variable: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"TWINSHOT_BUNDLES": "b", f"TWINSHOT_{variable}": value})
    assert str(caught.value) == says
