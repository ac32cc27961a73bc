"""The catalogue: its tree, its products page by page, one product."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from index_builder.indexing import Order, index
from index_builder.progress import Progress
from tests.app.running import WRITE_KEY, Process, photo_of, shop_over
from tests.browser.conftest import opened
from tests.browser.shops import TILES


@pytest.fixture
def catalogue(browser: Browser, scored: Process) -> Iterator[Page]:
    """The catalogue of a shop of 100 products that nobody can change."""
    with opened(browser, scored) as page:
        page.goto("/#catalogue")
        yield page


def test_products_are_shown_with_pictures_page_by_page(catalogue: Page) -> None:
    tiles = catalogue.locator(TILES)
    expect(tiles).to_have_count(24)
    expect(catalogue.get_by_text("100 products with 300 photos")).to_be_visible()
    expect(tiles.first).to_contain_text("Drawn product 0")
    expect(tiles.first.locator("img")).to_have_js_property("naturalWidth", 96)
    more = catalogue.get_by_role("button", name="Show more")
    for shown in (48, 72, 96, 100):
        more.click()
        expect(tiles).to_have_count(shown)
        if shown < 100:
            expect(tiles.nth(shown - 24).get_by_role("link")).to_be_focused()
    expect(more).to_be_hidden()
    expect(catalogue.locator(".grid > p")).to_have_text("100 products")
    expect(catalogue.locator("#announcer")).to_have_text("100 products")


def test_the_tree_shows_the_products_of_a_category_and_the_address_restores_them(catalogue: Page) -> None:
    tree = catalogue.get_by_role("tree", name="Categories")
    top = tree.get_by_role("treeitem", name="meta0, 156 photos")
    expect(top).to_have_attribute("aria-expanded", "false")
    top.locator(".twist").first.click()
    tree.get_by_role("treeitem", name="level10, 12 photos").get_by_text("level10").click()
    expect(catalogue.locator(TILES)).to_have_count(4)
    assert catalogue.url.endswith("#catalogue?category=path:meta0/level10")
    catalogue.reload()
    expect(catalogue.locator(TILES)).to_have_count(4)
    expect(tree.get_by_role("treeitem", selected=True)).to_have_attribute("aria-label", "level10, 12 photos")
    catalogue.go_back()
    expect(catalogue.locator(TILES)).to_have_count(24)


def test_the_numbers_of_the_tree_are_said_to_be_photos(catalogue: Page) -> None:
    number = catalogue.get_by_role("treeitem", name="meta0, 156 photos").locator(".count").first
    expect(number).to_have_text("156")
    expect(number).to_have_attribute("title", "156 photos")
    head, photos = catalogue.locator(".captions span").all()
    expect(head).to_have_text("Category")
    expect(photos).to_have_text("Photos")
    right = "own => own.getBoundingClientRect().right"
    assert abs(photos.evaluate(right) - number.evaluate(right)) < 2  # it stands over them


def test_products_without_a_category_stand_in_the_last_row_of_the_tree(
    browser: Browser, tiny_bundle: Path, tmp_path: Path
) -> None:
    with shop_over(tiny_bundle, tmp_path) as shop, opened(browser, shop) as page:
        page.goto("/#catalogue")
        expect(page.locator(TILES)).to_have_count(20)
        row = page.get_by_role("treeitem", name="Without a category, 1 photo")
        expect(row).to_have_count(0)
        photo, key = {"image": ("bare.jpg", photo_of(40))}, {"Authorization": f"Bearer {WRITE_KEY}"}
        shop.http.put("/products/BARE", files=photo, headers=key).raise_for_status()
        page.reload()
        row.click()
        expect(page.locator(TILES)).to_have_count(1)
        expect(page.locator(TILES)).to_contain_text("BARE")
        expect(page).to_have_url(re.compile(r"#catalogue\?category=path:$"))
        expect(page.get_by_role("treeitem").last).to_have_attribute("aria-selected", "true")


def test_the_tree_is_walked_by_keys(catalogue: Page) -> None:
    tree = catalogue.get_by_role("tree", name="Categories")
    tree.get_by_role("treeitem", name="All products").focus()

    def at(name: str) -> None:
        expect(tree.locator(":focus")).to_have_attribute("aria-label", name)

    for key, name in [
        ("ArrowDown", "meta0, 156 photos"),
        ("ArrowRight", "meta0, 156 photos"),  # opens it
        ("ArrowRight", "level0, 12 photos"),
        ("ArrowRight", "level0, 12 photos"),
        ("ArrowDown", "leaf0, 6 photos"),
        ("ArrowLeft", "level0, 12 photos"),
        ("ArrowLeft", "level0, 12 photos"),  # closes it
        ("ArrowDown", "level10, 12 photos"),
        ("End", "meta1, 144 photos"),
        ("Home", "All products, 300 photos"),
        ("ArrowUp", "All products, 300 photos"),
        ("ArrowDown", "meta0, 156 photos"),
    ]:
        catalogue.keyboard.press(key)
        at(name)
    catalogue.keyboard.press("Enter")
    expect(catalogue).to_have_url(re.compile("category=path:meta0$"))
    at("meta0, 156 photos")
    assert tree.locator("[tabindex='0']").count() == 1


def test_a_product_shows_its_photos_and_what_is_known_of_it(catalogue: Page) -> None:
    catalogue.locator(TILES).nth(3).get_by_role("link").click()
    expect(catalogue.get_by_role("heading", name="Drawn product 3")).to_be_focused()
    photos = catalogue.get_by_role("list", name="Photos").get_by_role("img")
    expect(photos).to_have_count(3)
    expect(photos.first).to_have_attribute("alt", "Drawn product 3, photo 1 of 3")
    expect(photos.first).to_have_js_property("naturalWidth", 96)
    facts = catalogue.locator("dl")
    for text in ("P03", "meta0 › level0 › leaf1", "in revision 0"):
        expect(facts).to_contain_text(text)
    expect(catalogue.get_by_role("link", name="Search with photo 1")).to_have_attribute("href", "#search?image=P03-0")
    facts.get_by_role("link", name="meta0 › level0 › leaf1").click()
    expect(catalogue.locator(TILES)).to_have_count(2)


def test_similar_products_are_shown_below_and_lead_on(catalogue: Page) -> None:
    catalogue.goto("/#catalogue?product=P03")
    catalogue.get_by_role("button", name="Find similar").click()
    similar = catalogue.get_by_role("list", name="Similar products").get_by_role("listitem")
    expect(similar).to_have_count(12)
    expect(catalogue.get_by_role("heading", name="Looks like it")).to_be_focused()
    title = similar.first.locator(".title").inner_text()
    similar.first.get_by_role("link").click()
    expect(catalogue.get_by_role("heading", level=2, name=title, exact=True)).to_be_focused()


def test_the_list_is_as_it_was_when_one_comes_back_from_a_product(catalogue: Page) -> None:
    catalogue.get_by_role("button", name="Show more").click()
    catalogue.locator(TILES).nth(40).get_by_role("link").click()
    catalogue.get_by_role("link", name="‹ All products").click()
    expect(catalogue.locator(TILES)).to_have_count(48)


def test_where_nothing_can_be_changed_the_page_says_how_to_turn_it_on(catalogue: Page) -> None:
    expect(catalogue.locator(".off:visible")).to_contain_text("TWINSHOT_STATE (a folder) and TWINSHOT_WRITE_KEY")
    expect(catalogue.get_by_role("link", name="Add a product")).to_have_count(0)
    catalogue.goto("/#catalogue?product=P03")
    expect(catalogue.get_by_role("button", name="Find similar")).to_be_visible()
    expect(catalogue.get_by_role("button", name="Edit")).to_have_count(0)
    catalogue.goto("/#catalogue?add=")
    expect(catalogue.locator(".off:visible")).to_be_visible()


def test_a_product_that_is_gone_is_explained_and_the_list_is_a_click_away(browser: Browser, scored: Process) -> None:
    with opened(browser, scored, refused=[404]) as page:
        page.goto("/#catalogue?product=GONE")
        expect(page.get_by_role("alert")).to_contain_text("This product is not in the catalogue")
        page.get_by_role("link", name="All products", exact=True).click()
        expect(page.locator(TILES)).to_have_count(24)


ADDRESSES = ("https://shop.example/p?a=1&b=<b>", "javascript:alert(1)", "//shop.example/", "https:")


@pytest.mark.parametrize("url", ADDRESSES)
def test_only_addresses_of_the_web_become_links(catalogue: Page, url: str) -> None:
    def told(route: Route) -> None:  # a change with another address is refused, a catalogue may have any
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "url": url})

    catalogue.route("**/products/P03", told)
    catalogue.goto("/#catalogue?product=P03")
    address = catalogue.locator("dl div").filter(has_text="Web address")
    expect(address).to_contain_text(url)
    link = address.get_by_role("link")
    if url.startswith("https://"):
        expect(link).to_have_attribute("href", url)
        expect(link).to_have_attribute("rel", "noopener noreferrer")
    else:
        expect(link).to_have_count(0)


def test_a_shop_without_products_says_so_and_takes_the_first_one(
    browser: Browser, tiny_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "first.jpg").write_bytes(photo_of(40))
    index(Order(catalogue=None, model=tiny_model, out=tmp_path / "bundles"), Progress())
    with shop_over(tmp_path / "bundles", tmp_path) as shop, opened(browser, shop, refused=[404]) as page:
        page.goto("/#catalogue")
        expect(page.get_by_role("heading", name="No products yet")).to_be_visible()
        expect(page.get_by_role("tree")).to_be_hidden()
        assert page.locator(".empty").evaluate("own => own.offsetWidth") > 600
        page.get_by_role("link", name="Add a product").click()
        page.get_by_label("Product id").fill("FIRST")
        page.locator("#field-photos").set_input_files(tmp_path / "first.jpg")
        page.get_by_role("button", name="Add product").click()
        page.locator("#key").fill(WRITE_KEY)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="FIRST")).to_be_focused()
        page.get_by_role("link", name="‹ All products").click()
        expect(page.locator(TILES)).to_have_count(1)
