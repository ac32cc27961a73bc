"""On a phone the photo that was asked with is small beside its buttons, and large for who draws on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.app.running import Process
from tests.browser.conftest import opened
from tests.browser.looks import PHONE, not_wider_than_the_window, serious
from tests.browser.searching import CARDS, choose

SMALL = 140
WINDOW = PHONE["viewport"]["height"]


@pytest.fixture
def phone(browser: Browser, service: Process) -> Iterator[Page]:
    with opened(browser, service, **PHONE) as page:
        yield page


def test_the_first_products_are_seen_without_scrolling(phone: Page, unseen: Path) -> None:
    choose(phone, unseen)
    assert stage(phone)["height"] <= SMALL
    assert bottom(phone.locator(f"{CARDS} .score").first) < WINDOW


def test_a_line_of_categories_that_is_wider_than_the_page_shows_the_chosen_one(phone: Page) -> None:
    def told(route: Route) -> None:
        answer = route.fetch().json()
        answer["query"]["categories"]["level2"] = [{"id": f"A wide name {at}", "probability": 0.3} for at in range(3)]
        route.fulfill(json=answer)

    phone.route("**/search?*", told)
    phone.goto("/#search?sample=03.jpg&category=path:meta0/level4")
    expect(phone.get_by_role("button", name="A wide name 0")).to_be_attached()
    chosen = phone.get_by_role("button", name="meta0 › level4")
    expect(chosen).to_be_in_viewport(ratio=1)
    assert not_wider_than_the_window(phone)
    assert bottom(phone.locator(f"{CARDS} .score").first) < WINDOW


def test_a_photo_of_any_shape_leaves_room_for_its_buttons(phone: Page, tmp_path: Path) -> None:
    for width, height in ((1600, 200), (200, 1600)):
        Image.new("RGB", (width, height), "teal").save(tmp_path / "long.png")
        choose(phone, tmp_path / "long.png")
        photo, button = stage(phone), box_of(phone.get_by_role("button", name="Mark a part"))
        assert photo["x"] + photo["width"] <= button["x"]
        assert photo["height"] <= SMALL
        assert not_wider_than_the_window(phone)


def test_it_is_made_large_and_small_again_by_keys_alone(phone: Page, unseen: Path) -> None:
    choose(phone, unseen)
    phone.get_by_role("button", name="Larger photo").press("Enter")
    expect(phone.get_by_role("button", name="Smaller photo")).to_be_focused()
    assert stage(phone)["height"] > 300
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("button", name="Larger photo")).to_be_focused()
    assert stage(phone)["height"] <= SMALL


def test_who_marks_a_part_has_a_large_photo_and_the_part_stays_when_it_is_small(phone: Page, unseen: Path) -> None:
    choose(phone, unseen)
    frame = phone.get_by_label("The part that is searched.")
    phone.get_by_role("button", name="Mark a part").tap()
    expect(frame).to_be_focused()
    assert stage(phone)["height"] > 300
    assert serious(phone) == []
    phone.get_by_role("button", name="Smaller photo").tap()
    expect(frame).to_be_visible()
    assert stage(phone)["height"] <= SMALL
    assert "box=" in phone.url
    assert serious(phone) == []
    phone.get_by_role("button", name="Larger photo").tap()
    phone.get_by_role("button", name="Whole photo").tap()
    expect(frame).to_be_hidden()
    assert stage(phone)["height"] <= SMALL


def test_where_there_is_room_it_has_one_size(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    expect(page.get_by_role("button", name="Larger photo")).to_be_hidden()
    page.get_by_role("button", name="Mark a part").click()
    expect(page.get_by_label("The part that is searched.")).to_be_focused()
    expect(page.get_by_role("button", name="Smaller photo")).to_be_hidden()


def stage(page: Page) -> dict[str, float]:
    return box_of(page.locator(".stage"))


def bottom(own: Locator) -> float:
    box = box_of(own)
    return box["y"] + box["height"]


def box_of(own: Locator) -> dict[str, float]:
    box = own.bounding_box()
    assert box is not None
    return dict(box)
