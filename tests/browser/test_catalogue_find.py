"""A product by its id: exactly, or how it begins."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.app.running import WRITE_KEY, Process, shop_over
from tests.browser.conftest import opened
from tests.browser.looks import DESK, PHONE, not_wider_than_the_window, serious
from tests.browser.shops import TILES

ODD = ("a/b", "a/b/c", "100%", "%2F", "x+y &z", "\U0001f9e4", "\ue000", "\ue000\U0001f9e4!", "Ä", "#?", "many-1")
"""Ids that an address, a path, or an order by half characters would get wrong; and one with which others begin."""


@pytest.fixture(scope="module")
def shop(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The tiny shop, P00 to P19, with products of odd ids."""
    ids = (*ODD, *(f"many-{number}" for number in range(100, 149)))
    lines = (json.dumps({"op": "put", "product_id": id, "title": f"Named {id}"}) for id in ids)
    with shop_over(tiny_bundle, tmp_path_factory.mktemp("shop")) as own:
        sent = {"operations": ("operations.jsonl", "\n".join(lines))}
        answer = own.http.post("/products/batch", files=sent, headers={"Authorization": f"Bearer {WRITE_KEY}"})
        assert answer.json()["done"] == len(ids)
        yield own


@pytest.fixture
def catalogue(browser: Browser, shop: Process) -> Iterator[Page]:
    with opened(browser, shop) as page:
        page.goto("/#catalogue")
        expect(page.locator(TILES)).to_have_count(24)
        yield page


@pytest.mark.parametrize("id", ODD)
def test_a_product_of_exactly_this_id_is_shown_and_back_leads_where_one_was(catalogue: Page, id: str) -> None:
    find(catalogue, f" {id} ")
    expect(catalogue.get_by_role("heading", level=2, name=f"Named {id}", exact=True)).to_be_focused()
    assert "#catalogue?product=" in catalogue.url
    catalogue.go_back()
    expect(catalogue.locator(TILES)).to_have_count(24)
    expect(field(catalogue)).to_have_value("")
    assert catalogue.url.endswith("#catalogue")


def test_else_those_are_listed_whose_ids_begin_so_and_the_link_restores_them(catalogue: Page) -> None:
    find(catalogue, "P0")
    tiles = catalogue.locator(TILES)
    expect(tiles).to_have_count(10)
    expect(tiles.first).to_contain_text("P00")
    expect(tiles.last).to_contain_text("P09")
    expect(catalogue.get_by_text("Ids that begin with P0")).to_be_visible()
    expect(catalogue.locator("#announcer")).to_have_text("10 products")
    expect(catalogue.get_by_role("treeitem", selected=True)).to_have_count(0)
    assert catalogue.url.endswith("#catalogue?id=P0")
    tiles.nth(3).get_by_role("link").click()
    expect(catalogue.get_by_role("heading", name="Drawn product 3")).to_be_focused()
    catalogue.get_by_role("link", name="‹ Ids that begin with P0").click()
    expect(tiles).to_have_count(10)
    catalogue.reload()
    expect(tiles).to_have_count(10)
    expect(field(catalogue)).to_have_value("P0")


@pytest.mark.parametrize(
    ("start", "found"), [("a", 2), ("a/b/", 1), ("1", 1), ("%", 1), ("\ue000\U0001f9e4", 1), ("x+", 1)]
)
def test_a_beginning_may_have_any_characters(catalogue: Page, start: str, found: int) -> None:
    find(catalogue, start)
    expect(catalogue.locator(TILES)).to_have_count(found)
    catalogue.reload()
    expect(catalogue.locator(TILES)).to_have_count(found)


def test_as_many_as_begin_so_are_shown_page_by_page_and_no_others(catalogue: Page) -> None:
    for start, pages in (("many-12", [10]), ("many", [24, 48, 50]), ("many-", [24, 48, 50])):
        find(catalogue, start)
        for shown in pages:
            expect(catalogue.locator(TILES)).to_have_count(shown)
            more = catalogue.get_by_role("button", name="Show more")
            if shown < pages[-1]:
                more.click()
            else:
                expect(more).to_be_hidden()


def test_where_no_id_begins_so_it_is_said_and_back_undoes_it(catalogue: Page) -> None:
    find(catalogue, "P0")
    expect(catalogue.locator(TILES)).to_have_count(10)
    field(catalogue).fill("p0")
    field(catalogue).press("Enter")
    said = "No product has this id, and none has one that begins with it. Upper and lower case are told apart."
    expect(catalogue.locator(".grid")).to_contain_text(said)
    expect(catalogue.locator("#announcer")).to_have_text(said)
    expect(catalogue.locator(TILES)).to_have_count(0)
    expect(field(catalogue)).to_be_focused()
    catalogue.go_back()
    expect(catalogue.locator(TILES)).to_have_count(10)
    expect(field(catalogue)).to_have_value("P0")
    find(catalogue, "")
    expect(catalogue.locator(TILES)).to_have_count(24)


def test_a_list_of_nothing_has_a_way_to_all_products_and_is_not_where_a_product_leads_back_to(catalogue: Page) -> None:
    find(catalogue, "duck")
    everything = catalogue.locator(".grid").get_by_role("link", name="All products")
    expect(everything).to_be_visible()
    find(catalogue, "P04")
    expect(catalogue.get_by_role("heading", name="Drawn product 4")).to_be_focused()
    expect(catalogue.locator(".back")).to_have_text("‹ All products")
    catalogue.locator(".back").click()
    expect(catalogue.locator(TILES)).to_have_count(24)
    expect(everything).to_have_count(0)
    find(catalogue, "duck")
    everything.click()
    expect(catalogue.locator(TILES)).to_have_count(24)
    expect(field(catalogue)).to_have_value("")


def test_the_form_for_a_new_product_has_the_only_field_of_that_name(catalogue: Page) -> None:
    catalogue.goto("/#catalogue?add=")
    expect(catalogue.get_by_label("Product id")).to_have_count(1)
    catalogue.goto("/#catalogue?product=P03")
    expect(field(catalogue)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("id", ["P0", "nothing-" * 60])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_window(
    browser: Browser, shop: Process, scheme: str, size: dict[str, Any], id: str
) -> None:
    with opened(browser, shop, color_scheme=scheme, **size) as page:
        page.goto(f"/#catalogue?id={id}")
        expect(page.locator(".grid")).to_be_visible()
        assert not_wider_than_the_window(page)
        assert serious(page) == []


def field(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Product id")


def find(page: Page, id: str) -> None:
    field(page).fill(id)
    page.get_by_role("button", name="Find").click()
