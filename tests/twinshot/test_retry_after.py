from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from twinshot.retry_after import retry_after

LATER = datetime.now(UTC) + timedelta(hours=1)


@pytest.mark.parametrize(("header", "seconds"), [("0", 0.0), (" 120 ", 120.0)])
def test_a_number_is_seconds(header: str, seconds: float) -> None:
    assert retry_after(header) == seconds


@pytest.mark.parametrize(
    "header",
    [
        format_datetime(LATER, usegmt=True),
        format_datetime(LATER),
        format_datetime(LATER.replace(tzinfo=None)),  # "-0000", which Python reads as a date without a zone
    ],
)
def test_a_date_is_the_time_until_then(header: str) -> None:
    seconds = retry_after(header)
    assert seconds is not None
    assert 3000 < seconds <= 3600


def test_a_date_that_is_over_asks_for_nothing() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


@pytest.mark.parametrize("header", [None, "", "soon", "-1", "1.5", "²"])
def test_what_is_neither_asks_for_nothing_that_can_be_told(header: str | None) -> None:
    assert retry_after(header) is None
