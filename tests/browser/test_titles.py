"""Titles are whole, or the rest of them is one step away."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.app.running import Process
from tests.browser.conftest import opened
from tests.browser.looks import DESK, PHONE, not_wider_than_the_window

TWIN = "Purple low sneaker, three white stripes, white disc, cream trim, toe cap"
LONG = "A title as long as marketplaces have them, " * 6 + "left-handed"
CARDS, TILES = "#results .card h3", "#catalogue .tile .title"
VIEWS = [("#search?product=P00", CARDS), ("#catalogue", TILES)]


def titled(page: Page, title: str) -> None:
    """Every product of a list has this title."""

    def told(route: Route) -> None:
        answer = route.fetch().json()
        for name in ("results", "products"):
            answer[name] = [own | {"title": title} for own in answer.get(name, [])]
        route.fulfill(json=answer)

    for path in ("**/similar?*", "**/products?*"):
        page.route(path, told)


@pytest.mark.parametrize(("view", "titles"), VIEWS)
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_title_is_whole_on_a_card(
    browser: Browser, service: Process, size: dict[str, Any], view: str, titles: str
) -> None:
    with opened(browser, service, **size) as page:
        titled(page, TWIN)
        page.goto(f"/{view}")
        expect(page.locator(titles).first).to_have_text(TWIN)
        assert hidden_pixels(page, titles) == 0


@pytest.mark.parametrize(("view", "titles"), VIEWS)
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_of_one_that_is_too_long_the_rest_is_seen_by_pointing_and_by_focus_and_is_in_its_name(
    browser: Browser, service: Process, size: dict[str, Any], view: str, titles: str
) -> None:
    with opened(browser, service, **size) as page:
        titled(page, LONG)
        page.goto(f"/{view}")
        own = page.locator(titles).first
        expect(own).to_have_text(LONG)
        assert hidden_pixels(page, titles) > 0
        told = own.locator("xpath=descendant-or-self::*[@title]")
        expect(told).to_have_attribute("title", LONG)
        link = page.get_by_role("link", name=LONG).first
        page.keyboard.press("Tab")  # from here on it is the keyboard that moves the focus
        link.focus()
        assert hidden_pixels(page, titles) == 0
        assert not_wider_than_the_window(page)


def hidden_pixels(page: Page, titles: str) -> int:
    """How much of the first title is cut off."""
    return int(page.locator(titles).first.evaluate("own => own.scrollHeight - own.clientHeight"))
