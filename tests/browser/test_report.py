"""The report of a generation, opened from the disk."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

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


def at_its_right_edge(region: Locator) -> list[int]:
    """The colour that most of the pixels have there."""
    with Image.open(BytesIO(region.screenshot())) as shot:
        pixels = np.asarray(shot.convert("RGB"))[:, -1]
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    return [int(own) for own in colours[counts.argmax()]]


@pytest.mark.parametrize("report", [(PHONE, "light"), (PHONE, "dark")], ids=str, indirect=True)
def test_a_table_that_is_wider_than_a_phone_is_shaded_where_there_is_more(report: Page) -> None:
    wide = report.locator(".scroll").filter(has=report.locator("caption", has_text="Products"))
    assert wide.evaluate("own => own.scrollWidth > own.clientWidth + 20")
    paper = report.evaluate("getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number)")
    assert at_its_right_edge(wide) != paper
    wide.evaluate("own => own.scrollTo(own.scrollWidth, 0)")
    assert at_its_right_edge(wide) == paper
