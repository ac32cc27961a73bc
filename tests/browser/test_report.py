"""The report of a generation, opened from the disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from engine.bundle.store import current
from tests.browser.looks import DESK, PHONE, not_wider_than_the_window, serious


@pytest.fixture(params=[(DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")], ids=str)
def report(request: pytest.FixtureRequest, browser: Browser, calibrated_bundle: Path) -> Iterator[Page]:
    """The page in a window; at the end nothing may have been said to its console or been asked for elsewhere."""
    size, scheme = request.param
    context = browser.new_context(color_scheme=scheme, **size)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda own: None if own.url.startswith(("file:", "data:")) else wrong.append(own.url))
    page.goto((calibrated_bundle / current(calibrated_bundle) / "report.html").as_uri())
    yield page
    context.close()
    assert wrong == []


def test_it_opens_from_the_disk_styled_with_every_picture_and_no_wider_than_its_window(report: Page) -> None:
    report.wait_for_function("[...document.images].every(own => own.complete)")
    assert report.evaluate("document.images.length > 50 && [...document.images].every(own => own.naturalWidth > 0)")
    assert not_wider_than_the_window(report)
    assert report.evaluate("getComputedStyle(document.querySelector('.sheet')).display") == "grid"
    assert report.locator("svg[role=img]").count() == 5


def test_it_has_no_serious_fault_of_accessibility(report: Page) -> None:
    assert serious(report) == []
