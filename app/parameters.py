"""Query parameters: read as one model at once, described in OpenAPI as what they are.

FastAPI reads a model of parameters field by field and from several places; on the hot path that costs more than the
answer of the cache. What is accepted, and what is said of what is not, is the same.
"""

from functools import lru_cache
from typing import Any, TypeVar, cast

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams

P = TypeVar("P", bound=BaseModel)


def read(kind: type[P], query: QueryParams) -> P:
    """The parameters of a request; of one that is given twice and is no list the last counts.

    Raises RequestValidationError.
    """
    if not query:
        return cast(P, _unasked(kind))
    lists = _lists(kind)
    given = {name: query.getlist(name) if name in lists else query[name] for name in query}
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


@lru_cache
def _unasked(kind: type[P]) -> P:
    """Of a request without parameters, as most are. They are frozen, so all may have the same."""
    try:
        return kind.model_validate({})
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


@lru_cache
def _lists(kind: type[BaseModel]) -> frozenset[str]:
    fields = kind.model_json_schema()["properties"]
    return frozenset(name for name, schema in fields.items() if schema.get("type") == "array")


def described(kind: type[BaseModel]) -> list[dict[str, Any]]:
    """The parameters as OpenAPI lists them."""
    schema = kind.model_json_schema()
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": own.get("description"),
            "schema": own,
        }
        for name, own in schema["properties"].items()
    ]
