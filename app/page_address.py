"""The address of a product's page: what may be written, and what an answer may carry.

A shop makes links of it. What a catalogue has is kept as it is, but an address that is none on the web, which may run a
script in the shop's page (`javascript:…`), is in no answer.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from app.wording import shown

_WEB = re.compile(r"(?i:https?)://[^\x00-\x20\x7f/?#:@][^\x00-\x20\x7f]*")


def page_address(url: str | None) -> str | None:
    """`url` where it is an absolute one of http or https, else None."""
    return url if url is not None and _WEB.fullmatch(url) else None


def _require(url: str) -> str:
    if page_address(url) is None:
        raise ValueError(f"url={shown(url)}: must be an absolute address, http:// or https://, without blanks")
    return url


PageAddress = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_require)]
"""An address that is written."""
