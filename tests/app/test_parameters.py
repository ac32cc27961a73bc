"""Query parameters mean what FastAPI would make of them, and OpenAPI lists them."""

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import QueryParams
from starlette.testclient import TestClient

from app.asked import PageParams, SearchParams
from app.parameters import read


def test_no_parameters_are_the_defaults() -> None:
    assert read(SearchParams, QueryParams("")) == SearchParams()


def test_lists_are_gathered_and_of_others_the_last_counts() -> None:
    own = read(SearchParams, QueryParams("category=a&limit=3&category=b&limit=5&exclude=x%2Fy&min_score=0.5"))
    assert own == SearchParams(category=["a", "b"], limit=5, exclude=["x/y"], min_score=0.5)


@pytest.mark.parametrize("query", ["limit=many", "limit=0", "category=", "nothing=1", "limit=200&offset=1"])
def test_what_is_wrong_is_refused(query: str) -> None:
    with pytest.raises(RequestValidationError):
        read(PageParams, QueryParams(query))


@pytest.mark.parametrize(
    ("route", "method", "kind"),
    [
        ("/search", "post", SearchParams),
        ("/search/batch", "post", SearchParams),
        ("/products/{product_id}/similar", "get", PageParams),
    ],
)
def test_openapi_lists_every_parameter_with_its_bounds(
    client: TestClient, route: str, method: str, kind: type[PageParams]
) -> None:
    listed = client.get("/openapi.json").json()["paths"][route][method]["parameters"]
    own = {parameter["name"]: parameter for parameter in listed if parameter["in"] == "query"}
    assert set(own) == set(kind.model_fields)
    assert own["limit"]["schema"]["maximum"] == 200
    assert own["limit"]["schema"]["default"] == 10
    assert own["category"]["schema"]["items"]["type"] == "string"
    assert all(parameter["description"] for parameter in own.values())
