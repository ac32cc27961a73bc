"""What the page says of each error, and how it goes on."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from app.problems import KINDS, MEDIA_TYPE
from tests.app.running import photo_of
from tests.browser.searching import CARDS, choose

# what a program does wrong, or what only a change can meet, is told in the service's own words
OWN_WORDS = {
    *("method-not-allowed", "unknown-route", "malformed-request", "revision-not-reached", "generation-refused"),
    *("invalid-request", "no-calibration", "key-used", "caller-gone"),
}


def test_a_file_that_is_no_photo_is_explained(page: Page, tmp_path: Path) -> None:
    (tmp_path / "note.jpg").write_text("hello")
    page.goto("/")
    with page.expect_response("**/search?*") as answer:
        page.locator("#photo").set_input_files(tmp_path / "note.jpg")
    assert answer.value.status == 400
    expect(page.get_by_role("alert")).to_contain_text("This is not a photo that can be read")
    expect(page.get_by_role("alert")).to_contain_text(answer.value.headers["x-request-id"])
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_file_that_is_no_photo_has_a_sign_in_its_place_and_no_box(page: Page, tmp_path: Path) -> None:
    (tmp_path / "note.jpg").write_text("hello")
    page.goto("/")
    page.locator("#photo").set_input_files(tmp_path / "note.jpg")
    expect(page.get_by_role("alert")).to_be_visible()
    sign = page.get_by_role("img", name="No picture of this file can be shown here.")
    expect(sign.locator(".icon")).to_be_visible()
    expect(page.locator("aside img")).to_have_count(0)
    expect(page.get_by_role("button", name="Mark a part")).to_have_count(0)


def test_a_photo_that_the_browser_cannot_show_is_searched_all_the_same(page: Page, tmp_path: Path) -> None:
    (tmp_path / "scan.tiff").write_bytes(photo_of(3, kind="TIFF"))
    page.goto("/")
    page.locator("#photo").set_input_files([tmp_path / "scan.tiff"])
    expect(page.locator(CARDS).first).to_contain_text("P03")
    expect(page.get_by_role("img", name="No picture of this file can be shown here.")).to_be_visible()
    expect(page.get_by_role("button", name="Mark a part")).to_have_count(0)


def test_which_of_several_photos_failed_is_seen_without_a_click_and_named(
    page: Page, unseen: Path, tmp_path: Path
) -> None:
    (tmp_path / "note.jpg").write_text("hello")
    (tmp_path / "large.jpg").write_bytes(photo_of(3) + bytes(30_000_000))
    page.goto("/")
    page.locator("#photo").set_input_files([unseen, tmp_path / "note.jpg", tmp_path / "large.jpg"])
    tabs = page.get_by_role("navigation", name="Your photos").get_by_role("link")
    for tab, name, pictures, signs in [
        (0, "closest", 1, 0),
        (1, "note.jpg: failed", 0, 1),
        (2, "large.jpg: failed", 1, 1),
    ]:
        expect(tabs.nth(tab)).to_have_accessible_name(re.compile(name))
        expect(tabs.nth(tab).locator("img")).to_have_count(pictures)
        expect(tabs.nth(tab).locator(".icon")).to_have_count(signs)
        assert tabs.nth(tab).evaluate("own => own.classList.contains('failed')") == bool(signs)
    expect(page.get_by_role("button", name="Mark a part")).to_be_visible()
    tabs.nth(1).click()
    expect(page.get_by_role("button", name="Mark a part")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("No answer for note.jpg")
    expect(page.locator("#announcer")).to_have_text("No answer for note.jpg")
    tabs.nth(2).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("No answer for large.jpg")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("No answer for large.jpg")
    expect(tabs.nth(2)).to_have_accessible_name("Photo 3, large.jpg: failed")


def test_an_image_of_a_type_that_is_not_taken_is_explained(page: Page, tmp_path: Path) -> None:
    (tmp_path / "drawing.ico").write_bytes(photo_of(3, kind="ICO", side=48))
    page.goto("/")
    with page.expect_response("**/search?*") as answer:
        page.locator("#photo").set_input_files(tmp_path / "drawing.ico")
    assert answer.value.status == 415
    expect(page.get_by_role("alert")).to_contain_text("Photos of this type are not taken")


def test_a_photo_that_is_too_large_is_explained(page: Page, tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(photo_of(3) + bytes(30_000_000))
    page.goto("/")
    with page.expect_response("**/search?*") as answer:
        page.locator("#photo").set_input_files(tmp_path / "large.jpg")
    assert answer.value.status == 413
    expect(page.get_by_role("alert")).to_contain_text("This photo is too large")


@pytest.mark.parametrize("kind", ["busy", "rate-limited", "not-ready", "shutting-down"])
def test_what_passes_is_tried_again_when_the_service_says(page: Page, unseen: Path, kind: str) -> None:
    page.route("**/search?*", once(kind, {"Retry-After": "2"}))
    page.goto("/")
    page.locator("#photo").set_input_files(unseen)
    expect(page.get_by_role("alert")).to_contain_text("Trying again in 2 s")
    expect(page.locator(CARDS)).to_have_count(12)


def test_who_does_not_want_to_wait_tries_at_once(page: Page, unseen: Path) -> None:
    page.route("**/search?*", once("busy", {"Retry-After": "60"}))
    page.goto("/")
    page.locator("#photo").set_input_files(unseen)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(CARDS)).to_have_count(12)


def test_after_some_tries_it_waits_for_the_visitor(page: Page, unseen: Path) -> None:
    asked: list[str] = []

    def note(route: Route) -> None:
        asked.append(route.request.url)
        refuse(route, "busy", {"Retry-After": "1"})

    page.route("**/search?*", note)
    page.goto("/")
    page.locator("#photo").set_input_files(unseen)
    expect(page.get_by_text("Trying again")).to_be_visible()
    while len(asked) < 4:  # it is hidden for a moment at each try
        page.wait_for_timeout(50)
    expect(page.get_by_text("Trying again")).to_be_hidden()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.wait_for_timeout(1500)
    assert len(asked) == 4


def test_a_network_that_is_down_is_told_and_tried_again_by_a_click(page: Page, unseen: Path) -> None:
    page.goto("/")
    page.route("**/search?*", lambda route: route.abort())
    page.locator("#photo").set_input_files(unseen)
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer")
    page.unroute("**/search?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(CARDS)).to_have_count(12)


def test_a_category_that_is_ambiguous_is_chosen_among_those_there_are(page: Page) -> None:
    page.goto("/#search?sample=03.jpg&category=level4")
    choices = page.get_by_role("alert").get_by_role("button")
    expect(choices.filter(has_text="meta0 › level4 › level4")).to_be_visible()
    choices.filter(has_text="meta0 › level4 › level4").click()
    expect(page.locator(CARDS)).to_have_count(2)


def test_a_category_that_is_unknown_can_be_left_out(page: Page) -> None:
    page.goto("/#search?sample=03.jpg&category=leaf:nothing")
    expect(page.get_by_role("alert")).to_contain_text("This category cannot be searched")
    page.get_by_role("button", name="Search all categories").click()
    expect(page.locator(CARDS)).to_have_count(12)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - OWN_WORDS))
def test_every_error_has_words_of_the_page(page: Page, kind: str) -> None:
    page.goto("/")
    said = page.evaluate(
        """async kind => (await import("/static/js/words.js")).errorWords({ kind, title: "T", message: "M" })""", kind
    )
    assert said["title"] not in ("", "T")
    assert said["remedy"] not in ("", "M")


def test_an_error_without_words_of_the_page_is_told_in_those_of_the_service(page: Page, unseen: Path) -> None:
    page.route("**/search?*", lambda route: refuse(route, "invalid-request", {}))
    page.goto("/")
    page.locator("#photo").set_input_files(unseen)
    expect(page.get_by_role("alert")).to_contain_text(KINDS["invalid-request"].title)
    expect(page.get_by_role("alert")).to_contain_text("what is wrong here")


def test_a_proxy_s_own_error_is_waited_out(page: Page, unseen: Path) -> None:
    page.route("**/search?*", lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>"), times=1)
    page.goto("/")
    page.locator("#photo").set_input_files(unseen)
    expect(page.get_by_role("alert")).to_contain_text("Trying again in 3 s")
    expect(page.locator(CARDS)).to_have_count(12)


def test_a_question_that_another_replaces_is_given_up(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    chips = page.get_by_role("group", name="Search only in").get_by_role("button")
    held: list[Route] = []
    given_up: list[str] = []
    page.on("requestfailed", lambda own: given_up.append(own.url))
    page.route("**/search?*", lambda route: held.append(route), times=1)  # noqa: PLW0108 - Playwright marks the handler
    chips.first.click()
    expect(page.locator("[aria-busy=true]")).to_have_count(1)
    chips.first.click()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.locator(CARDS)).to_have_count(12)
    assert given_up == [own.request.url for own in held]
    assert len(held) == 1


def once(kind: str, headers: dict[str, str]) -> Callable[[Route], None]:
    """Refuses the first request."""
    refused: list[bool] = []

    def answer(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(True)
            refuse(route, kind, headers)

    return answer


def refuse(route: Route, kind: str, headers: dict[str, str]) -> None:
    """Answer with an error as the service does."""
    own = KINDS[kind]
    problem = {"type": f"urn:twinshot:problem:{kind}", "title": own.title, "status": own.status}
    body = json.dumps(problem | {"detail": "what is wrong here", "request_id": "r"})
    route.fulfill(status=own.status, headers=headers, content_type=MEDIA_TYPE, body=body)
