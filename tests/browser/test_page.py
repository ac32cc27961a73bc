from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import READ_KEY


@pytest.fixture
def unseen(tiny_catalogue: Path) -> Path:
    """A photo of P03 that is not in the index."""
    return tiny_catalogue.parent / "photos" / "P03-q0.jpg"


def test_a_photo_chosen_on_the_page_shows_products_with_pictures(page: Page, unseen: Path) -> None:
    page.goto("/")
    page.get_by_label("Photo").set_input_files(unseen)
    page.get_by_role("button", name="Search").click()
    cards = page.locator("#results li")
    expect(cards).to_have_count(10)
    expect(cards.first).to_contain_text("1. Drawn product")
    for picture in cards.locator("img").all():
        expect(picture).to_have_js_property("naturalWidth", 96)


def test_a_file_that_is_no_photo_is_explained(page: Page, tmp_path: Path) -> None:
    (tmp_path / "note.jpg").write_text("hello")
    page.goto("/")
    page.get_by_label("Photo").set_input_files(tmp_path / "note.jpg")
    with page.expect_response("**/search") as answer:
        page.get_by_role("button", name="Search").click()
    assert answer.value.status == 400
    expect(page.get_by_role("status")).to_contain_text("not an image")


def test_no_key_is_asked_for_where_none_is_needed(page: Page, unseen: Path) -> None:
    page.goto("/")
    page.get_by_label("Photo").set_input_files(unseen)
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#results li")).to_have_count(10)
    expect(page.get_by_label("Key")).to_be_hidden()


def test_a_service_that_wants_a_key_is_given_one_and_then_answers(locked_page: Page, unseen: Path) -> None:
    page = locked_page
    page.goto("/")
    page.get_by_label("Photo").set_input_files(unseen)
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_contain_text("needs a key")
    expect(page.get_by_label("Key")).to_be_focused()
    page.keyboard.type("not-the-right-key-0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The key is wrong.")
    page.get_by_label("Key").fill(READ_KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#results li")).to_have_count(10)
    for picture in page.locator("#results img").all():
        expect(picture).to_have_js_property("naturalWidth", 96)


def test_the_api_s_documentation_needs_nothing_from_outside(page: Page) -> None:
    page.goto("/docs")
    expect(page.get_by_text("POST", exact=True).first).to_be_visible()
    expect(page.get_by_text("/search/batch")).to_be_visible()
