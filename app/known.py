"""What is read from outside: fields that are known, and no others. One that is not is told those there are."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from app.wording import shown


class Known(BaseModel):
    """A model that passes over nothing: what is misspelt must not count as left out."""

    model_config = ConfigDict(frozen=True)

    noun: ClassVar[str] = "field"
    """What its fields are to those who write them."""

    @model_validator(mode="before")
    @classmethod
    def _all_are_known(cls, given: Any) -> Any:
        # and not pydantic's extra="forbid", which does not say what there is
        unknown = next((name for name in given if name not in cls.model_fields), None) if type(given) is dict else None
        if unknown is not None:
            raise ValueError(f"{shown(unknown)}: no such {cls.noun}; there are {', '.join(cls.model_fields)}")
        return given
