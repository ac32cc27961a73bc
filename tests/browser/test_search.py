"""From a photo to products: how photos come in, what is shown, and what it says."""

import base64
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.app.running import Process, encoded
from tests.browser.searching import CARDS, choose, drop, opened_sample

LEVELS = {"Category": "meta", "Subcategory": "level2", "Type": "leaf"}


def test_the_first_look_asks_for_a_photo_and_offers_some(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Find the product on a photo")
    samples = page.get_by_role("region", name="Photos to try").get_by_role("img")
    expect(samples).to_have_count(3)
    for picture in samples.all():
        expect(picture).to_have_js_property("naturalWidth", 96)


def test_a_chosen_photo_shows_products_with_pictures(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    cards = page.locator(CARDS)
    expect(cards).to_have_count(12)
    expect(cards.first).to_contain_text("Drawn product")
    expect(cards.first).to_contain_text(" › ")
    for picture in cards.locator("img").all():
        expect(picture).to_have_js_property("naturalWidth", 96)


@pytest.mark.parametrize(
    ("took", "cached", "said"), [(12.6, False, "in 13 ms"), (0.4, True, "in less than 1 ms, from")]
)
def test_it_says_how_many_and_how_fast(
    page: Page, service: Process, unseen: Path, took: float, cached: bool, said: str
) -> None:
    answer = service.ask(unseen.read_bytes(), limit=3).json() | {"took_ms": took, "cached": cached}
    page.route("**/search?*", lambda route: route.fulfill(json=answer))
    choose(page, unseen)
    expect(page.get_by_text(f"3 products {said}")).to_be_visible()


def test_a_picture_that_does_not_arrive_leaves_its_place(page: Page, unseen: Path) -> None:
    page.route("**/images/P03-*", lambda route: route.abort())
    choose(page, unseen)
    first = page.locator(CARDS).first
    expect(first).to_contain_text("P03")
    expect(first.locator(".picture .icon")).to_be_visible()
    expect(first.locator("img")).to_have_count(0)


def test_a_score_is_told_in_words_and_as_a_number(scored_page: Page, known: Path) -> None:
    choose(scored_page, known)
    expect(scored_page.get_by_role("heading", level=1)).to_have_text("Same product found")
    expect(scored_page.locator(CARDS).first).to_contain_text("Same product, ")
    expect(scored_page.locator(CARDS).nth(1)).to_contain_text("Probably not, ")
    expect(scored_page.get_by_role("status")).to_contain_text("Same product found Drawn product")


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0 %"), (0.001, "< 1 %"), (0.5, "50 %"), (0.999, "> 99 %"), (1, "100 %")]
)
def test_only_nothing_is_0_percent_and_only_all_is_100(page: Page, share: float, said: str) -> None:
    page.goto("/")
    words = page.evaluate("async share => (await import('/static/js/words.js')).percent(share)", share)
    assert words.replace("\u00a0", " ") == said


def test_where_nothing_is_certain_it_is_said(scored_page: Page, tmp_path: Path) -> None:
    (tmp_path / "stranger.jpg").write_bytes(encoded(Image.effect_noise((96, 96), 90), "JPEG"))
    choose(scored_page, tmp_path / "stranger.jpg")
    expect(scored_page.get_by_role("heading", level=1)).to_have_text("Nothing certain. Closest:")
    expect(scored_page.get_by_text("No scores")).to_have_count(0)


def test_where_there_are_no_scores_none_are_promised_and_the_reason_is_a_click_away(page: Page, unseen: Path) -> None:
    page.goto("/")
    expect(page.get_by_text("or those most like it")).to_be_visible()
    choose(page, unseen)
    results = page.get_by_role("region", name="Results")
    expect(results.get_by_role("heading", level=1)).to_have_text("Closest products")
    expect(results).to_contain_text("No scores: there were too few photos of known products to calibrate scores with")
    expect(results).not_to_contain_text("null")
    results.get_by_role("link", name="Status").click()
    expect(page.get_by_role("heading", level=1, name="Status")).to_be_visible()


def test_neighbours_of_a_product_are_excused_for_no_scores(page: Page) -> None:
    page.goto("/#search?product=P03")
    expect(page.locator(CARDS)).to_have_count(12)
    expect(page.get_by_text("No scores")).to_have_count(0)


def test_a_similarity_has_a_real_minus_and_no_zero_has_one(page: Page) -> None:
    page.goto("/")
    said = page.evaluate(
        """async all => {
            const { scoreWords } = await import("/static/js/words.js");
            return all.map(similarity => scoreWords({ score: null, match: null, similarity }));
        }""",
        [0.714, -0.001, -0.254],
    )
    assert said == ["Similarity 0.71", "Similarity 0.00", "Similarity \N{MINUS SIGN}0.25"]


def test_a_photo_can_be_dropped_anywhere(page: Page, unseen: Path) -> None:
    page.goto("/")
    drop(page, unseen)
    expect(page.locator(CARDS)).to_have_count(12)


def test_a_photo_can_be_pasted(page: Page, unseen: Path) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.evaluate(
        """data => {
            const bytes = Uint8Array.from(atob(data), own => own.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "pasted.jpg", { type: "image/jpeg" }));
            dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
        }""",
        base64.b64encode(unseen.read_bytes()).decode(),
    )
    expect(page.locator(CARDS)).to_have_count(12)


def test_a_phone_is_asked_for_its_camera_at_the_back(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#camera")).to_have_attribute("capture", "environment")


def test_a_sample_is_searched_by_a_click(page: Page) -> None:
    opened_sample(page)
    expect(page.locator(CARDS)).to_have_count(12)
    assert "#search?sample=" in page.url


def test_several_photos_have_a_list_each(page: Page, tiny_catalogue: Path) -> None:
    photos = [tiny_catalogue.parent / "photos" / f"P{number:02}-0.jpg" for number in (3, 8, 11)]
    page.goto("/")
    with page.expect_response(lambda answer: "/search" in answer.url):
        page.locator("#photo").set_input_files(photos)
    tabs = page.get_by_role("navigation", name="Your photos").get_by_role("link")
    expect(tabs).to_have_count(3)
    for tab, product in ((2, "P11"), (1, "P08"), (0, "P03")):
        tabs.nth(tab).click()
        expect(tabs.nth(tab)).to_have_attribute("aria-current", "true")
        expect(page.locator(CARDS).first).to_contain_text(product)


def test_a_category_of_the_photo_narrows_the_search_and_two_widen_it(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    chips = page.get_by_role("group", name="Search only in").get_by_role("button")
    expect(chips.first).to_contain_text("%")
    leaf, other = chips.and_(page.locator("[title^=leaf]")).first, chips.and_(page.locator("[title^=level2]")).first
    leaf.click()
    expect(page.locator(CARDS)).to_have_count(2)
    expect(leaf).to_have_attribute("aria-pressed", "true")
    expect(leaf).to_be_focused()
    other.click()
    expect(page.locator("[aria-pressed=true]")).to_have_count(2)
    expect(page.locator(CARDS).nth(3)).to_be_visible()
    page.get_by_role("button", name="All categories").click()
    expect(page.locator("[aria-pressed=true]")).to_have_count(0)
    assert "category" not in page.url


def test_categories_stand_in_a_row_for_each_level_the_widest_first(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    rows = page.get_by_role("group", name="Search only in").get_by_role("group")
    expect(rows).to_have_count(3)
    for row, (name, level) in zip(rows.all(), LEVELS.items(), strict=True):
        expect(row).to_have_attribute("aria-label", name)
        expect(row).to_contain_text(name)
        filters = row.get_by_role("button").evaluate_all("all => all.map(own => own.title)")
        assert filters
        assert all(own.startswith(f"{level}:") for own in filters)


def test_a_category_of_a_link_stands_in_the_row_of_its_level_with_its_path(page: Page) -> None:
    page.goto("/#search?sample=03.jpg&category=path:meta0/level4&category=leaf1&category=meta:meta1")
    expect(page.locator(CARDS).first).to_be_visible()
    for row, name in (("Category", "meta1"), ("Subcategory", "meta0 › level4"), ("Chosen", "leaf1")):
        chosen = page.get_by_role("group", name=row, exact=True).locator("[aria-pressed=true]")
        expect(chosen).to_contain_text(name)


def test_more_like_this_shows_others_than_this(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    first = page.locator(CARDS).first
    title = first.locator("h3").inner_text()
    first.get_by_role("link", name="More like this").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Like {title}")
    expect(page.locator(CARDS)).to_have_count(12)
    assert title not in page.locator(f"{CARDS} h3").all_inner_texts()
    page.go_back()
    expect(page.locator(CARDS).first).to_contain_text(title)


def test_more_are_added_until_there_are_no_more(page: Page, unseen: Path) -> None:
    choose(page, unseen)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(CARDS)).to_have_count(20)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    ids = page.locator(f"{CARDS} .id").all_inner_texts()
    assert len(set(ids)) == 20


def test_what_the_answer_took_is_shown_and_where_it_came_from(
    page: Page, unseen: Path, service: Process, tmp_path: Path
) -> None:
    (tmp_path / "new.jpg").write_bytes(unseen.read_bytes() + b"a photo that nobody has searched yet")
    choose(page, tmp_path / "new.jpg")
    strip = page.get_by_role("region", name="How it was answered")
    expect(strip).to_contain_text("Model")
    expect(strip).to_contain_text(httpx2.get(f"{service.url}/info").json()["generation"])
    page.reload()
    expect(strip).to_contain_text("From the cacheyes")


def test_a_product_s_page_in_the_shop_is_linked(page: Page, unseen: Path, service: Process) -> None:
    answer = service.ask(unseen.read_bytes(), limit=3).json()
    answer["results"][0]["url"] = "https://s.example/p"
    answer["results"][2]["url"] = "javascript:alert(1)"  # a catalogue may say anything
    page.route("**/search?*", lambda route: route.fulfill(json=answer))
    choose(page, unseen)
    expect(page.locator(CARDS).first.get_by_role("link", name="In the shop")).to_have_attribute(
        "href", "https://s.example/p"
    )
    for other in (1, 2):
        expect(page.locator(CARDS).nth(other).get_by_role("link", name="In the shop")).to_have_count(0)


def test_where_the_service_has_no_samples_the_catalogue_s_photos_are_offered(plain_page: Page) -> None:
    plain_page.goto("/")
    offered = plain_page.get_by_role("region", name="Photos to try")
    expect(offered).to_contain_text("in the catalogue already")
    offered.get_by_role("link").first.click()
    expect(plain_page.locator(CARDS)).to_have_count(12)


def test_more_photos_than_are_searched_at_once_are_left_out(page: Page, unseen: Path) -> None:
    data = unseen.read_bytes()
    photos: list[FilePayload] = [
        {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": data + bytes([number])} for number in range(17)
    ]
    page.goto("/")
    page.locator("#photo").set_input_files(photos)
    expect(page.get_by_role("navigation", name="Your photos").get_by_role("link")).to_have_count(16)
