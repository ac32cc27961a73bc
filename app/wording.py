"""What pydantic finds wrong with a value, in our words: `limit=many: must be a whole number`."""

from typing import Any

from pydantic_core import ErrorDetails

_RULES = {
    "missing": "the field is missing",
    "string_type": "must be text",
    "string_pattern_mismatch": "must have no control characters",
    "tuple_type": "must be a list",
    "model_type": "must be a JSON object",
    "json_invalid": "is no JSON ({error})",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller whole number",
    "float_parsing": "must be a number",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "may be given {max_length} times at most",
}
"""pydantic's types of error that our parameters, fields and settings can meet. A bound is always among `ctx`."""
_SHOWN = 60
"""Characters of what a caller wrote that an error repeats."""


def rule(error: ErrorDetails) -> str:
    """What the value must be. A validator of ours (`value_error`) has said it already."""
    if error["type"] in _RULES:
        return _RULES[error["type"]].format(**{name: _bare(own) for name, own in error.get("ctx", {}).items()})
    return error["msg"].removeprefix("Value error, ")


def plain(error: ErrorDetails) -> str:
    """A parameter, its value and what is wrong with it, in one line."""
    if error["type"] == "value_error":
        return rule(error)  # names its parameters itself
    name = [part for part in error["loc"] if isinstance(part, str)][-1]
    value = f"={shown(error['input'])}" if isinstance(error["input"], str) else ""
    return f"{name}{value}: {rule(error)}"


def shown(text: str) -> str:
    """What a caller wrote, fit to be repeated in one line."""
    line = "".join(own if own.isprintable() else "\N{REPLACEMENT CHARACTER}" for own in text[:_SHOWN])
    return line + ("…" if len(text) > _SHOWN else "")


def of_photo(image_id: str, said: object) -> str:
    """What is wrong with one photo of several that were sent."""
    return f"image {shown(image_id)!r}: {said}"


def _bare(bound: Any) -> Any:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound
