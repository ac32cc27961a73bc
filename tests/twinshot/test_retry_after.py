from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from twinshot.retry_after import retry_after


@pytest.mark.parametrize(("header", "seconds"), [("0", 0.0), (" 120 ", 120.0)])
def test_a_number_is_seconds(header: str, seconds: float) -> None:
    assert retry_after(header) == seconds


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000"])  # Python reads "-0000" as a date without a zone
def test_a_date_is_the_time_until_then(zone: str) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    seconds = retry_after(later.replace("GMT", zone))
    assert seconds is not None
    assert 3000 < seconds <= 3600


def test_a_date_that_is_over_asks_for_nothing() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


@pytest.mark.parametrize("header", [None, "", "soon", "-1", "1.5", "²"])
def test_what_is_neither_asks_for_nothing_that_can_be_told(header: str | None) -> None:
    assert retry_after(header) is None
