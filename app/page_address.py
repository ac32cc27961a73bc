"""The address of a product's page, as it may be written; what an answer may carry is engine.page_address's."""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.wording import shown
from engine.page_address import page_address


def _require(url: str) -> str:
    if page_address(url) is None:
        raise ValueError(f"url={shown(url)}: must be an absolute address, http:// or https://, without blanks")
    return url


PageAddress = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_require)]
"""An address that is written."""
