"""The address of a product's page: which may be shown as a link.

What a catalogue has is kept as it is, but an address that is none on the web, which may run a script where somebody
clicks it (`javascript:…`), is in no answer and in no report.
"""

import re

_WEB = re.compile(r"(?i:https?)://[^\x00-\x20\x7f/?#:@][^\x00-\x20\x7f]*")


def page_address(url: str | None) -> str | None:
    """`url` where it is an absolute one of http or https, else None."""
    return url if url is not None and _WEB.fullmatch(url) else None
