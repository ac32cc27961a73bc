"""In both schemes, on a desk and on a phone, by keys alone: axe-core, widths, focus."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.app.running import Process
from tests.browser.conftest import opened
from tests.browser.looks import DESK, PHONE, not_wider_than_the_window, serious
from tests.browser.searching import CARDS, choose

SCHEMES = ["light", "dark"]


def welcome(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("region", name="Photos to try")).to_be_visible()


def found(page: Page) -> None:
    page.goto("/#search?sample=03.jpg&sample=08.jpg&box=0.1,0.1,0.9,0.9&category=meta:meta0")
    expect(page.locator(CARDS)).to_have_count(12)


def program(page: Page) -> None:
    found(page)
    page.get_by_role("button", name="Ask the same from your program").click()
    expect(page.get_by_role("dialog", name="Ask the same from your program")).to_be_visible()


def similar(page: Page) -> None:
    page.goto("/#search?product=P03")
    expect(page.locator(CARDS)).to_have_count(12)


def failed(page: Page) -> None:
    page.goto("/#search?sample=03.jpg&category=level4")
    expect(page.get_by_role("alert")).to_be_visible()


def empty(page: Page) -> None:
    page.route("**/similar?*", lambda route: route.fulfill(json=route.fetch().json() | {"results": []}))
    page.goto("/#search?product=P03")
    expect(page.get_by_role("heading", name="Nothing found here")).to_be_visible()


def key(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Key").click()
    expect(page.get_by_role("dialog")).to_be_visible()


STATES: list[Callable[[Page], None]] = [welcome, found, program, similar, failed, empty, key]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_window(
    browser: Browser, service: Process, state: Callable[[Page], None], scheme: str, size: dict[str, object]
) -> None:
    with opened(browser, service, color_scheme=scheme, **size) as page:
        state(page)
        assert not_wider_than_the_window(page)
        assert serious(page) == []


@pytest.mark.parametrize(("size", "least"), [(DESK, 900), (PHONE, 300)], ids=["desk", "phone"])
def test_the_code_for_a_program_has_the_width_of_the_page_and_no_line_is_cut(
    browser: Browser, service: Process, size: dict[str, object], least: int
) -> None:
    with opened(browser, service, **size) as page:
        program(page)
        widths = page.locator("dialog pre").evaluate_all("all => all.map(own => [own.clientWidth, own.scrollWidth])")
        assert len(widths) == 2
        assert all(least < inner == needed for inner, needed in widths)
        page.get_by_role("button", name="Close").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("button", name="Ask the same from your program")).to_be_focused()


def test_whoever_closes_the_code_is_back_at_its_button_though_it_was_drawn_anew(page: Page) -> None:
    page.goto("/#search?sample=03.jpg")
    page.get_by_role("button", name="Ask the same from your program").click()
    page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")  # as when the next of several photos is answered
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Ask the same from your program")).to_be_focused()


def test_a_phone_is_not_told_to_drop_and_paste(browser: Browser, service: Process) -> None:
    for size, shown in ((DESK, True), (PHONE, False)):
        with opened(browser, service, **size) as page:
            page.goto("/")
            expect(page.get_by_text("Drop photos here")).to_be_visible(visible=shown)


def test_the_search_is_done_by_keys_alone(page: Page) -> None:
    welcome(page)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.samples') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(CARDS)).to_have_count(12)
    expect(page.locator("#found")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Results").get_by_role("link", name="Status")).to_be_focused()  # why there are no scores
    page.keyboard.press("Tab")
    expect(page.locator(".chip").first).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".chip[aria-pressed=true]")).to_be_focused()
    page.get_by_role("button", name="All categories").press("Enter")
    more = page.get_by_role("button", name="Show more")
    more.press("Enter")
    expect(page.locator(CARDS)).to_have_count(20)
    expect(page.locator(f"{CARDS}:nth-child(13) h3 a")).to_be_focused()


def test_every_stop_of_the_tab_key_can_be_seen(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    page.evaluate("document.body.focus()")
    for _ in range(25):
        page.keyboard.press("Tab")
        outlined = page.evaluate(
            """() => {
                const own = document.activeElement;
                const shown = own.matches("input[type=file]") ? own.nextElementSibling : own;
                return own === document.body || getComputedStyle(shown).outlineStyle !== "none";
            }"""
        )
        assert outlined, page.evaluate("document.activeElement.outerHTML")


def test_the_first_load_is_small_and_the_second_smaller(page: Page) -> None:
    sizes: list[tuple[str, int, int]] = []

    def note(own: Request) -> None:
        answer = own.response()
        assert answer is not None
        sizes.append((own.url, answer.status, own.sizes()["responseBodySize"]))

    page.on("requestfinished", note)
    welcome(page)
    page.wait_for_load_state("networkidle")
    frame = [(url, size) for url, _, size in sizes if "/samples" not in url]
    assert sum(size for _, size in frame) < 80_000
    assert len(frame) < 30
    sizes.clear()
    page.reload()
    page.wait_for_load_state("networkidle")
    assert [url for url, status, _ in sizes if url.endswith((".js", ".css")) and status != 304] == []
