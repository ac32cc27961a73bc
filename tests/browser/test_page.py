"""The frame: the key, the ways through it, the description of the API."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.running import READ_KEY
from tests.browser.searching import CARDS, choose
from tests.browser.shops import enter_key


def test_no_key_is_asked_for_where_none_is_needed(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_service_that_wants_a_key_is_given_one_and_then_answers(locked_page: Page, unseen: Path) -> None:
    page = locked_page
    page.goto("/")
    expect(page.get_by_role("dialog", name="Key")).to_contain_text("This service needs a key.")
    expect(page.get_by_label("Key", exact=True)).to_be_focused()
    page.keyboard.type("not-the-right-key-0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("The key is wrong.")
    enter_key(page)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Key set", exact=True)).to_be_visible()
    page.locator("#photo").set_input_files(unseen)
    expect(page.locator(CARDS)).to_have_count(12)
    for picture in page.locator(f"{CARDS} img").all():
        expect(picture).to_have_js_property("naturalWidth", 96)


def test_a_key_that_nobody_has_looked_at_is_not_said_to_be_right(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Key", exact=True).click()
    enter_key(page, "any-key-any-key-any-0")
    page.get_by_role("region", name="Photos to try").get_by_role("link").first.click()
    expect(page.locator(CARDS)).to_have_count(12)  # whatever is sent, everybody may search here
    expect(page.get_by_role("button", name="Key set, not tried yet")).to_be_visible()
    page.get_by_role("button", name="Key set").click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Key", exact=True)).to_be_visible()


def test_that_a_key_is_right_is_known_after_a_reload(locked_page: Page) -> None:
    page = locked_page
    page.goto("/")
    enter_key(page)
    expect(page.get_by_role("button", name="Key set", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Key set", exact=True)).to_be_visible()


def test_who_gives_no_key_is_told_what_is_missing_and_can_try_again(locked_page: Page, unseen: Path) -> None:
    page = locked_page
    page.goto("/")
    page.keyboard.press("Escape")
    page.locator("#photo").set_input_files(unseen)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("This service needs a key")
    page.get_by_role("button", name="Try again").click()
    enter_key(page)
    expect(page.locator(CARDS)).to_have_count(12)


def test_what_is_typed_stays_when_something_else_needs_the_key_meanwhile(locked_page: Page) -> None:
    page = locked_page
    page.goto("/#status")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Key", exact=True).click()
    page.get_by_label("Key", exact=True).fill(READ_KEY)
    page.evaluate("import('/static/js/api.js').then(({ json }) => { json('info'); })")
    expect(page.get_by_role("dialog")).to_contain_text("This service needs a key.")
    expect(page.get_by_label("Key", exact=True)).to_have_value(READ_KEY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Key set", exact=True)).to_be_visible()


def test_a_key_is_forgotten_with_the_tab_and_no_cookie_is_set(locked_page: Page) -> None:
    page = locked_page
    page.goto("/")
    enter_key(page)
    expect(page.get_by_role("region", name="Photos to try").get_by_role("link").first).to_be_visible()
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length > 0]") == [0, True]


@pytest.mark.parametrize("name", ["nowhere", "toString"])  # the second is what every object has
def test_an_address_of_no_view_is_the_search(page: Page, name: str) -> None:
    page.goto(f"/#{name}?at=1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Find the product on a photo")
    expect(page.locator("nav [aria-current=page]")).to_have_text("Search")


def test_a_view_that_does_not_arrive_is_told(page: Page) -> None:
    page.route("**/static/**/status*/**", lambda route: route.abort())
    page.route("**/static/css/status.css", lambda route: route.abort())
    page.goto("/#status")
    expect(page.get_by_role("alert")).to_contain_text("Reload the page to try again")
    page.get_by_role("link", name="Search").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Find the product on a photo")


def test_the_content_is_one_key_away(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    assert "#main" not in page.url


def test_the_page_can_stand_behind_a_prefix(page: Page) -> None:
    page.route(
        "**/shop/**", lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace("/shop/", "/")))
    )
    page.goto("/shop/#search?product=P03")
    expect(page.locator(CARDS)).to_have_count(12)
    for picture in page.locator(f"{CARDS} img").all():
        expect(picture).to_have_js_property("naturalWidth", 96)
