"""The client's models are the service's, field by field, though neither knows the other."""

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from app import schemas
from app.changes import answers
from app.problems import Problem
from twinshot import client
from twinshot.client import models

OF_THE_CLIENT: dict[str, type[BaseModel]] = {own.__name__: own for own in models.Answer.__subclasses__()}
OF_THE_SERVICE: dict[str, Any] = {**vars(schemas), **vars(answers), "Problem": Problem}
FROM_HEADERS = {"Product": {"etag"}}
ASKED_FOR_OTHERWISE = {"Health", "Checks", "RefusedInfo", "Sample", "SampleList"}
"""`ready` is the status alone; samples are for the page."""


def fields(kind: Any) -> dict[str, Any]:
    """Each field's type as JSON Schema has it, without what is said about it."""
    schema = TypeAdapter(kind).json_schema()
    return {name: plain(own) for name, own in schema["properties"].items()}


def plain(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {name: plain(own) for name, own in schema.items() if name not in ("title", "description", "default")}
    return [plain(own) for own in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("name", OF_THE_CLIENT)
def test_a_model_has_the_fields_and_types_of_the_services(name: str) -> None:
    own, theirs = fields(OF_THE_CLIENT[name]), fields(OF_THE_SERVICE[name])
    for field in FROM_HEADERS.get(name, set()):
        del own[field]
    assert own == theirs


def test_every_answer_of_the_service_has_a_model() -> None:
    theirs = {
        name
        for module in (schemas, answers)
        for name, own in vars(module).items()
        if isinstance(own, type) and own.__module__ == module.__name__ and not name.startswith("_")
    }
    assert theirs - ASKED_FOR_OTHERWISE - set(OF_THE_CLIENT) == set()
    assert set(OF_THE_CLIENT) <= set(client.__all__)


def test_what_a_newer_service_adds_is_passed_over() -> None:
    given: dict[str, Any] = {"results": [], "query": None, "cached": False, "error": None, "mood": "good"}
    assert not hasattr(models.BatchItem.model_validate(given), "mood")
