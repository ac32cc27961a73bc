"""The address is the state: a link, Reload and Back show it again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.running import READ_KEY, Process
from tests.browser.conftest import opened
from tests.browser.searching import CARDS, choose, opened_sample
from tests.browser.shops import enter_key


def test_a_reload_shows_the_same_photo_box_filter_and_length(page: Page, tiny_photo: Path) -> None:
    choose(page, tiny_photo)
    sha = page.url.partition("photo=")[2]
    page.goto(f"/#search?photo={sha}&box=0.1,0.1,0.9,0.9&category=meta:meta0&category=meta:meta1&limit=20")
    expect(page.locator(CARDS)).to_have_count(20)
    with page.expect_request(lambda asked: "/search?" in asked.url) as asked:
        page.reload()
    assert asked.value.url.endswith("limit=20&box=0.1%2C0.1%2C0.9%2C0.9&category=meta%3Ameta0&category=meta%3Ameta1")
    expect(page.locator(CARDS)).to_have_count(20)
    expect(page.get_by_label("The part that is searched.")).to_be_visible()
    expect(page.locator("[aria-pressed=true]")).to_have_count(2)


def test_back_leads_through_what_was_looked_at(page: Page) -> None:
    opened_sample(page)
    page.get_by_role("button", name="Mark a part").click()
    expect(page.get_by_text("Only this part is searched.")).to_be_visible()
    page.locator(CARDS).first.get_by_role("link", name="More like this").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Like ")
    page.go_back()
    expect(page.get_by_text("Only this part is searched.")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Or drag over what you mean.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Find the product on a photo")


def test_a_link_to_a_sample_or_a_product_works_in_every_browser(page: Page) -> None:
    for state in ("sample=08.jpg", "product=P08", "image=P08-1"):
        page.goto(f"/#search?{state}")
        expect(page.locator(CARDS)).to_have_count(12)


def test_a_link_to_a_photo_of_another_browser_says_so(page: Page) -> None:
    page.goto(f"/#search?photo={'0' * 64}")
    expect(page.get_by_role("alert")).to_contain_text("The photo of this link is not in this browser")


def test_several_photos_are_there_again_with_the_one_that_was_shown(page: Page, tiny_catalogue: Path) -> None:
    page.goto("/")
    page.locator("#photo").set_input_files([tiny_catalogue.parent / "photos" / f"P{own:02}-0.jpg" for own in (3, 8)])
    tabs = page.get_by_role("navigation", name="Your photos").get_by_role("link")
    tabs.nth(1).click()
    page.reload()
    expect(tabs.nth(1)).to_have_attribute("aria-current", "true")
    expect(page.locator(CARDS).first).to_contain_text("P08")


@pytest.mark.parametrize("state", ["photo=", "sample=03.jpg&box=1,1,0,0&at=9&limit=many", "box=0,0,1,1"])
def test_what_makes_no_sense_in_an_address_is_left_out(page: Page, state: str) -> None:
    page.goto(f"/#search?{state}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_link_is_copied(browser: Browser, service: Process) -> None:
    with opened(browser, service, permissions=["clipboard-read", "clipboard-write"]) as page:
        opened_sample(page)
        page.get_by_role("button", name="Copy link").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_code_is_copied_where_the_browser_has_no_clipboard_for_pages(page: Page) -> None:
    page.add_init_script(
        """Object.defineProperty(navigator, "clipboard", { value: undefined });
        addEventListener("copy", event => window.copied = event.target.value);"""
    )
    opened_sample(page)
    page.get_by_role("button", name="Ask the same from your program").click()
    page.get_by_role("button", name="Copy curl").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("window.copied") == page.locator("dialog pre").first.inner_text()


@pytest.mark.parametrize(
    "state", ["sample=03.jpg&box=0.1,0.1,0.9,0.9&category=leaf:leaf1&category=meta:meta1", "product=P03&limit=5"]
)
@pytest.mark.parametrize("kind", ["curl", "Python"])
def test_what_is_copied_runs_and_answers_the_same(
    browser: Browser, locked: Process, samples: Path, tmp_path: Path, kind: str, state: str
) -> None:
    with opened(browser, locked, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(f"/#search?{state}")
        enter_key(page)
        expect(page.locator(CARDS).first).to_be_visible()
        shown = page.locator(f"{CARDS} .id").all_inner_texts()
        page.get_by_text("Ask the same from your program").click()
        page.get_by_role("button", name=f"Copy {kind}").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        text = page.evaluate("navigator.clipboard.readText()")
    (tmp_path / "03.jpg").write_bytes((samples / "03.jpg").read_bytes())
    command = ["bash", "-c", text] if kind == "curl" else [sys.executable, "-c", text]
    environment = os.environ | {"KEY": READ_KEY, "PYTHONPATH": str(Path(__file__).parents[2])}
    said = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    places = [said.stdout.index(product) for product in shown]
    assert READ_KEY not in text
    assert len(shown) > 4
    assert places == sorted(places)


def test_a_name_with_quotes_is_quoted(page: Page) -> None:
    page.goto("/")
    texts = page.evaluate(
        """async () => {
            const { curl, python } = await import("/static/js/search/snippets.js");
            const query = { kind: "photo", id: "0", name: `it's "new".jpg`, box: null, categories: [], limit: 12 };
            return [curl(query), python(query)];
        }"""
    )
    assert """'image=@"it'\\''s \\"new\\".jpg"'""" in texts[0]
    assert 'shop.search("it\'s \\"new\\".jpg", limit=12)' in texts[1]
