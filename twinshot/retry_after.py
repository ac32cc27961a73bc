"""The header Retry-After."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(header: str | None) -> float | None:
    """The seconds that a Retry-After asks for (RFC 9110, section 10.2.3): a number or a date; None where it is neither.

    >>> retry_after("120")
    120.0
    """
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = when if when.tzinfo is not None else when.replace(tzinfo=UTC)  # "-0000": UTC, from an unknown zone
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
