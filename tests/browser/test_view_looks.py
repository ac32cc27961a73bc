"""Catalogue and status in both schemes, on a desk and on a phone: axe-core, widths, by keys alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.running import WRITE_KEY, Process, photo_of, shop_over
from tests.browser.conftest import opened
from tests.browser.looks import DESK, PHONE, not_wider_than_the_window, serious
from tests.browser.shops import TILES


@pytest.fixture(scope="module")
def shop(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with shop_over(tiny_bundle, tmp_path_factory.mktemp("shop")) as own:
        long = {"title": "An uncommonly long title " * 4, "url": "https://shop.example/" + "a" * 200, "leaf": "l" * 90}
        answer = own.http.patch("/products/P00", json=long, headers={"Authorization": f"Bearer {WRITE_KEY}"})
        assert answer.status_code == 200
        yield own


def products(page: Page) -> None:
    page.goto("/#catalogue?category=path:meta0/level0")
    expect(page.locator(TILES)).to_have_count(4)


def product(page: Page) -> None:
    page.goto("/#catalogue?product=P00")
    page.get_by_role("button", name="Find similar").click()
    expect(page.get_by_role("list", name="Similar products").get_by_role("listitem")).to_have_count(12)
    page.get_by_role("button", name="Edit").click()


def adding(page: Page) -> None:
    page.goto("/#catalogue?add=")
    photo = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo_of(1)}
    note = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"hello"}
    page.locator("#field-photos").set_input_files([photo, note])
    expect(page.get_by_role("alert")).to_be_visible()


def question(page: Page) -> None:
    page.goto("/#catalogue?product=P01")
    page.get_by_role("button", name="Remove product").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def gone(page: Page) -> None:
    page.goto("/#catalogue?product=GONE")
    expect(page.get_by_role("alert")).to_be_visible()


def status(page: Page) -> None:
    page.goto("/#status")
    expect(page.locator(".spark polyline")).to_have_count(6)


def unmeasured(page: Page) -> None:
    page.route("**/metrics", lambda route: route.fulfill(status=404))
    page.goto("/#status")
    expect(page.get_by_text("Live figures are not shown here")).to_be_visible()
    expect(page.get_by_role("heading", name="Limits")).to_be_visible()


def unread(page: Page) -> None:
    for path in ("info", "metrics"):
        page.route(f"**/{path}", lambda route: route.fulfill(status=401))
    page.goto("/#status")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Enter the key")).to_be_visible()


STATES: list[Callable[[Page], None]] = [products, product, adding, question, gone, status, unmeasured, unread]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_window(
    browser: Browser, shop: Process, state: Callable[[Page], None], scheme: str, size: dict[str, Any]
) -> None:
    with opened(browser, shop, refused=[404], color_scheme=scheme, **size) as page:
        state(page)
        assert not_wider_than_the_window(page)
        assert serious(page) == []


def test_on_a_phone_the_tree_is_folded_away_and_folds_again_once_something_is_chosen(
    browser: Browser, shop: Process
) -> None:
    with opened(browser, shop, **PHONE) as page:
        page.goto("/#catalogue")
        expect(page.locator(TILES)).to_have_count(20)
        expect(page.get_by_role("tree")).to_be_hidden()
        page.get_by_text("Categories", exact=True).tap()
        page.get_by_role("treeitem", name="meta1").get_by_text("meta1").tap()
        expect(page.locator(TILES)).to_have_count(8)
        expect(page.get_by_role("tree")).to_be_hidden()


@pytest.fixture
def shop_to_add_to(shop: Process) -> Iterator[Process]:
    """The same, which has no product KEYS afterwards."""
    yield shop
    shop.http.delete("/products/KEYS", headers={"Authorization": f"Bearer {WRITE_KEY}"})


def test_a_product_is_added_by_keys_alone(browser: Browser, shop_to_add_to: Process) -> None:
    with opened(browser, shop_to_add_to, refused=[404]) as page:
        page.goto("/#catalogue")
        page.get_by_role("link", name="Add a product").press("Enter")
        expect(page.get_by_role("heading", name="Add a product")).to_be_focused()
        page.keyboard.press("Tab")
        for text in ("KEYS", "Typed", "meta0", "level0", "leaf0", "https://shop.example/keys"):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        expect(page.locator("#field-photos")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="Key")).to_contain_text("Changes need the write key.")
        page.keyboard.type(WRITE_KEY)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Typed")).to_be_focused()
        expect(page.get_by_text("none: it cannot be found by a photo")).to_be_visible()
