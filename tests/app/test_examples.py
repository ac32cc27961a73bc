"""The examples of /openapi.json are what the schemas say."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from app.examples import ANSWERS, BODIES, PARAMETERS
from tests.app.conftest import Clients

METHODS = ("get", "put", "post", "patch", "delete")


@pytest.fixture
def description(client: TestClient) -> dict[str, Any]:
    return client.get("/openapi.json").json()  # type: ignore[no-any-return]


def operations(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in description["paths"].values():
        yield from (path[method] for method in METHODS if method in path)


def shown(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of an operation that may have an example."""
    yield from operation.get("parameters", [])
    yield from operation.get("requestBody", {}).get("content", {}).values()
    yield from operation["responses"]["200"]["content"].values()


def examples(part: dict[str, Any]) -> list[Any]:
    """Its own, or for what may be left out those of its schema."""
    return [part["example"]] if "example" in part else part.get("schema", {}).get("examples", [])  # type: ignore[no-any-return]


def closed(schemas: dict[str, Any]) -> dict[str, Any]:
    """The schemas, but nothing that they do not name is allowed: an example must not show what is gone."""
    return {
        name: {**own, "additionalProperties": False} if "properties" in own else own for name, own in schemas.items()
    }


def faults(part: dict[str, Any], example: Any, description: dict[str, Any]) -> list[str]:
    schema = {**part["schema"], "components": {"schemas": closed(description["components"]["schemas"])}}
    return [error.message for error in Draft202012Validator(schema).iter_errors(example)]


def test_every_example_is_what_its_own_schema_says(description: dict[str, Any]) -> None:
    checked = 0
    for operation in operations(description):
        for part in shown(operation):
            for example in examples(part):
                assert faults(part, example, description) == [], operation["operationId"]
                checked += 1
    assert checked >= len(ANSWERS) + len(BODIES) + len(PARAMETERS)
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    assert faults(problem, description["components"]["schemas"]["Problem"]["examples"][0], description) == []


def test_every_route_that_answers_json_has_an_example_but_info(description: dict[str, Any]) -> None:
    answering = {
        operation["operationId"]
        for operation in operations(description)
        if "schema" in operation["responses"]["200"]["content"].get("application/json", {})
    }
    assert answering - {"info"} == set(ANSWERS)
    assert set(BODIES) <= answering


def test_an_example_is_asked_with_by_swagger_ui_only_where_something_must_be(description: dict[str, Any]) -> None:
    parameters = [own for operation in operations(description) for own in operation.get("parameters", [])]
    exampled = [own for own in parameters if examples(own)]
    assert {own["name"] for own in exampled} == set(PARAMETERS)
    assert all(("example" in own) == own.get("required", False) for own in exampled)


def test_the_examples_cost_a_request_nothing(clients: Clients) -> None:
    with clients() as client:
        assert client.app.openapi() is client.app.openapi()  # made once
