"""A box on the photo: with the mouse, a finger, the keys."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, CDPSession, Page, Request, expect

from tests.app.running import Process
from tests.browser.conftest import opened
from tests.browser.looks import PHONE
from tests.browser.searching import CARDS, choose

Boxed = Callable[[Request], bool]
NAME = "The part that is searched."


def test_a_box_drawn_with_the_mouse_is_searched(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    with page.expect_request(boxed) as asked:
        drag(page, (0.2, 0.3), (0.8, 0.9))
    assert box_of(asked.value.url) == pytest.approx([0.2, 0.3, 0.8, 0.9], abs=0.01)
    expect(page.get_by_text("Only this part is searched.")).to_be_visible()
    assert box_of(page.url) == box_of(asked.value.url)


def test_a_box_is_moved_and_its_corner_pulled(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    with page.expect_response(lambda answer: boxed(answer.request)):
        drag(page, (0.2, 0.2), (0.6, 0.6))
    with page.expect_request(boxed) as asked, page.expect_response(lambda answer: boxed(answer.request)):
        drag(page, (0.4, 0.4), (0.5, 0.45))
    assert box_of(asked.value.url) == pytest.approx([0.3, 0.25, 0.7, 0.65], abs=0.01)
    with page.expect_request(boxed) as asked:
        drag(page, (0.7, 0.65), (0.9, 0.95))
    assert box_of(asked.value.url) == pytest.approx([0.3, 0.25, 0.9, 0.95], abs=0.015)


def test_a_click_draws_no_box(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    drag(page, (0.5, 0.5), (0.51, 0.51))
    expect(page.get_by_label(NAME)).to_be_hidden()
    assert "box" not in page.url


def test_the_whole_photo_is_one_click_away(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    drag(page, (0.2, 0.3), (0.8, 0.9))
    page.get_by_role("button", name="Whole photo").click()
    expect(page.get_by_label(NAME)).to_be_hidden()
    expect(page.locator(CARDS)).to_have_count(12)
    assert "box" not in page.url


def test_a_box_is_drawn_moved_and_resized_by_keys_alone(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    page.get_by_role("button", name="Mark a part").focus()
    with page.expect_request(boxed) as asked:
        page.keyboard.press("Enter")
    assert box_of(asked.value.url) == [0.25, 0.25, 0.75, 0.75]
    expect(page.get_by_label(NAME)).to_be_focused()
    with page.expect_request(boxed) as asked:
        for key in ("ArrowRight", "ArrowDown", "Shift+ArrowLeft", "Enter"):
            page.keyboard.press(key)
    assert box_of(asked.value.url) == [0.27, 0.27, 0.75, 0.77]
    expect(page.get_by_label(NAME)).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.get_by_label(NAME)).to_be_hidden()
    assert "box" not in page.url


def test_a_box_moved_by_keys_stays_on_the_photo(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    page.get_by_role("button", name="Mark a part").click()
    with page.expect_request(lambda asked: boxed(asked) and box_of(asked.url)[0] == 0):
        for _ in range(20):
            page.keyboard.press("ArrowLeft")
    expect(page.locator(CARDS)).to_have_count(12)


def test_a_finger_moves_the_box_once_there_is_one_and_scrolls_before(
    browser: Browser, service: Process, unseen: Path
) -> None:
    with opened(browser, service, **PHONE) as page:
        choose(page, unseen)
        fingers = page.context.new_cdp_session(page)
        swipe(page, fingers, (0.3, 0.3), (0.7, 0.7))
        expect(page.get_by_label(NAME)).to_be_hidden()
        page.evaluate("scrollTo(0, 0)")
        page.get_by_role("button", name="Mark a part").tap()
        expect(page.get_by_label(NAME)).to_be_visible()
        with page.expect_request(boxed) as asked:
            swipe(page, fingers, (0.5, 0.5), (0.6, 0.4))
        assert box_of(asked.value.url) == pytest.approx([0.35, 0.15, 0.85, 0.65], abs=0.015)


def test_a_finger_on_the_small_photo_scrolls_and_leaves_the_box_as_it_is(browser: Browser, service: Process) -> None:
    with opened(browser, service, **PHONE) as page:
        page.goto("/#search?sample=03.jpg&box=0.25,0.25,0.75,0.75")
        expect(page.locator(CARDS)).to_have_count(12)
        swipe(page, page.context.new_cdp_session(page), (0.5, 0.7), (0.5, 0.1))
        page.wait_for_function("scrollY > 0")
        assert box_of(page.url) == [0.25, 0.25, 0.75, 0.75]


def boxed(asked: Request) -> bool:
    return "/search?" in asked.url and "box=" in asked.url


def box_of(url: str) -> list[float]:
    parts = urlsplit(url)
    query = parts.query or parts.fragment.partition("?")[2]
    return [float(part) for part in parse_qs(query)["box"][0].split(",")]


def at(page: Page, spot: tuple[float, float]) -> tuple[float, float]:
    place = page.locator(".stage").bounding_box()
    assert place is not None
    return place["x"] + spot[0] * place["width"], place["y"] + spot[1] * place["height"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*at(page, start))
    page.mouse.down()
    page.mouse.move(*at(page, end), steps=4)
    page.mouse.up()


def swipe(page: Page, fingers: CDPSession, start: tuple[float, float], end: tuple[float, float]) -> None:
    (x, y), (to_x, to_y) = at(page, start), at(page, end)
    fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for part in (0.25, 0.5, 0.75, 1):
        touch = {"x": x + part * (to_x - x), "y": y + part * (to_y - y)}
        fingers.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [touch]})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
