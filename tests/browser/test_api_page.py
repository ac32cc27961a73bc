"""/docs in a real browser: its policy allows all that Swagger UI does, and nothing comes from outside."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.running import READ_KEY, Process
from tests.browser.conftest import opened
from tests.browser.looks import PHONE

WATCH = "document.addEventListener('securitypolicyviolation', event => console.error(event.violatedDirective))"
PLAIN = "rgba(0, 0, 0, 0)"


def test_a_photo_is_asked_with_from_the_api_s_page(page: Page, tiny_catalogue: Path) -> None:
    page.add_init_script(WATCH)  # the fixture fails on what is written to the console
    page.goto("/docs")
    expect(page.get_by_text("/search/batch")).to_be_visible()
    search = page.locator("#operations-search-search")
    search.locator(".opblock-summary-control").click()
    search.get_by_role("button", name="Try it out").click()
    search.locator("input[type=file]").set_input_files(tiny_catalogue.parent / "photos" / "P03-q0.jpg")
    with page.expect_response("**/search?*") as answer:
        search.get_by_role("button", name="Execute").click()
    assert answer.value.status == 200
    live = search.locator(".live-responses-table")
    expect(live.locator("tbody .response-col_status")).to_contain_text("200")
    expect(live).to_contain_text('"product_id"')
    expect(search).to_contain_text("curl -X 'POST'")
    # highlighted by Swagger UI through the style of each word: not if a policy forbade it
    colours = live.locator("pre span").evaluate_all("all => new Set(all.map(own => getComputedStyle(own).color)).size")
    assert colours > 1
    expect(live.get_by_role("button", name="Download")).not_to_have_css("background-color", PLAIN)


def test_a_key_is_entered_on_the_api_s_page(locked_page: Page) -> None:
    page = locked_page
    page.add_init_script(WATCH)
    page.goto("/docs")
    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".modal-ux")
    dialog.get_by_role("textbox").fill(READ_KEY)
    dialog.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").last.click()
    info = page.locator("#operations-service-info")
    info.locator(".opblock-summary-control").click()
    info.get_by_role("button", name="Try it out").click()
    with page.expect_response("**/info") as answer:
        info.get_by_role("button", name="Execute").click()
    assert answer.value.status == 200


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgba(0, 0, 0, 0)"), ("dark", "rgb(28, 32, 34)")])
def test_the_api_s_page_is_dark_where_the_system_is(page: Page, scheme: Literal["light", "dark"], ground: str) -> None:
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    page.goto("/docs")
    page.emulate_media(color_scheme=scheme)
    expect(page.locator("html")).to_have_css("background-color", ground)


def test_on_a_phone_it_is_no_wider_than_the_window(browser: Browser, service: Process) -> None:
    with opened(browser, service, **PHONE) as page:
        page.goto("/docs")
        search = page.locator("#operations-search-search")
        search.locator(".opblock-summary-control").click()
        search.get_by_role("button", name="Try it out").click()
        expect(search.get_by_role("button", name="Reset")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
