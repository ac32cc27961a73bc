"""What may be asked in an address: the parameters of the routes."""

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from app.known import Known
from engine.preprocess import Box, check_box

MAX_RESULTS = 200
"""offset + limit."""

Filter = Annotated[str, Field(min_length=1, max_length=1000)]


class _Params(Known):
    noun = "parameter"


class PageParams(_Params):
    """Which part of the ranked list, and what to leave out."""

    limit: int = Field(default=10, ge=1, le=MAX_RESULTS, description="How many results.")
    offset: int = Field(default=0, ge=0, lt=MAX_RESULTS, description="How many results to skip; offset + limit ≤ 200.")
    category: list[Filter] = Field(
        default=[], max_length=100, description="meta:X, level2:X, leaf:X, or a name that is unique. Several mean any."
    )
    exclude: list[Filter] = Field(default=[], max_length=1000, description="Product ids to leave out.")
    min_revision: int = Field(
        default=0, ge=0, description="Wait until the catalogue has this revision; 409 if that takes too long."
    )

    @model_validator(mode="after")
    def _within_reach(self) -> Self:
        if self.need > MAX_RESULTS:
            raise ValueError(f"offset + limit is {self.need}, at most {MAX_RESULTS}")
        return self

    @property
    def need(self) -> int:
        """How many places of the ranked list the page reaches to."""
        return self.offset + self.limit


class SearchParams(PageParams):
    """What is asked of a photo."""

    min_score: float | None = Field(default=None, ge=0, le=1, description="Only results at least this likely.")
    box: str | None = Field(
        default=None,
        description="x0,y0,x1,y1: the searched part, as fractions of the upright photo.",
        json_schema_extra={"pattern": r"^[^,]+,[^,]+,[^,]+,[^,]+$"},
    )

    @field_validator("box")
    @classmethod
    def _is_a_box(cls, value: str | None) -> str | None:
        if value is not None:
            _box(value)
        return value

    @property
    def region(self) -> Box | None:
        """`box` as numbers."""
        return None if self.box is None else _box(self.box)


def _box(text: str) -> Box:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError("box takes four numbers: x0,y0,x1,y1") from None
    return check_box(numbers)


class ListParams(_Params):
    """Which products are listed."""

    limit: int = Field(default=50, ge=1, le=MAX_RESULTS, description="How many products at most.")
    after: str = Field(default="", max_length=1000, description="Only products whose id is greater: `next` of a page.")
    category: list[Filter] = Field(
        default=[], max_length=100, description="As in a search: products with a photo in any of these categories."
    )
    min_revision: int = Field(
        default=0, ge=0, description="Wait until the catalogue has this revision; 409 if that takes too long."
    )


class ChangesParams(_Params):
    """Which changes are listed."""

    since: int = Field(default=0, ge=0, description="Only changes after this revision.")
    limit: int = Field(default=100, ge=1, le=1000, description="How many at most.")
