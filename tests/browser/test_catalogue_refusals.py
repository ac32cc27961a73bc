"""A change that is refused on the page is explained, and nothing that was typed is lost."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.app.running import READ_KEY, WRITE_KEY, Process, photo_of, shop_over
from tests.browser.conftest import opened
from tests.browser.shops import asked, enter_key, fill, with_key


def test_who_may_only_read_is_asked_for_the_write_key_and_may_try_again(browser: Browser, shop: Process) -> None:
    with opened(browser, shop, refused=[403]) as page:
        page.goto("/#catalogue?product=P10")
        ask = page.get_by_role("dialog", name="Key")
        expect(ask).to_contain_text("This service needs a key.")
        page.keyboard.type(READ_KEY)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("Title").fill("By the keeper")
        page.get_by_role("button", name="Save").click()
        expect(ask).to_contain_text("This key may read only. Changes need the write key.")
        page.keyboard.type("not-the-right-key-0")
        page.keyboard.press("Enter")
        expect(ask).to_contain_text("The key is wrong.")
        ask.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("alert")).to_contain_text("Changes need the write key")
        page.get_by_role("button", name="Save").click()
        expect(ask).to_be_visible()
        page.keyboard.type(WRITE_KEY)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="By the keeper")).to_be_focused()


@pytest.mark.parametrize(
    ("status", "id", "said"),
    [
        (409, "P1", "Another product has a photo of this name"),
        (400, "BROKEN", "This is not a photo that can be read"),
    ],
)
def test_a_refused_product_is_explained_and_the_form_stays_as_it_was(
    browser: Browser, shop: Process, tmp_path: Path, status: int, id: str, said: str
) -> None:
    photo = tmp_path / "P11-0"  # a name that a photo of P11 has, and that begins with P1
    photo.write_bytes(photo_of(51) if status == 409 else b"no photo")
    with opened(browser, shop, refused=[404, status]) as page:
        with_key(page)
        fill(page, id, [photo])
        page.get_by_role("button", name="Add product").click()
        expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
        expect(page.get_by_label("Product id")).to_have_value(id)
        expect(page.get_by_role("list", name="Chosen photos").get_by_role("listitem")).to_have_count(1)
        assert asked(shop, f"/products/{id}")["status"] == 404


def test_a_key_is_known_to_be_right_by_a_change_that_is_refused_for_another_reason(
    browser: Browser, tiny_bundle: Path, tmp_path: Path
) -> None:
    note = tmp_path / "note.jpg"
    note.write_bytes(b"no photo")
    with shop_over(tiny_bundle, tmp_path) as open_shop, opened(browser, open_shop, refused=[400, 429, 502]) as page:
        page.goto("/#catalogue?product=P10")
        page.get_by_role("button", name="Add photos").click()
        page.locator("#field-photos").set_input_files(note)
        add = page.locator("form.change").get_by_role("button", name="Add photos")
        add.click()
        enter_key(page, "not-the-right-key-0")
        expect(page.get_by_role("dialog", name="Key")).to_contain_text("The key is wrong.")
        # said before anybody looked at the key, or by a proxy
        busy = {"type": "urn:twinshot:problem:busy", "title": "t", "status": 429, "detail": "the queue is full"}
        page.route("**/P10/images", lambda route: route.fulfill(json=busy, status=429))
        enter_key(page, WRITE_KEY)
        expect(page.get_by_role("alert")).to_contain_text("The service is busy")
        page.route("**/P10/images", lambda route: route.fulfill(body="Bad gateway", status=502))
        add.click()
        expect(page.get_by_role("alert")).to_contain_text("Bad Gateway")
        expect(page.get_by_role("button", name="Key set, not tried yet")).to_be_visible()
        page.unroute("**/P10/images")
        add.click()
        expect(page.get_by_role("alert")).to_contain_text("This is not a photo that can be read")
        expect(page.get_by_role("button", name="Key set", exact=True)).to_be_visible()


@pytest.mark.parametrize("place", ["a new product", "one that is there"])
def test_a_photo_that_is_refused_is_called_as_the_visitor_calls_it(
    browser: Browser, shop: Process, tmp_path: Path, place: str
) -> None:
    photos = [tmp_path / name for name in ("front.jpg", "50$&.jpg")]
    photos[0].write_bytes(photo_of(52))
    photos[1].write_bytes(b"no photo")
    with opened(browser, shop, refused=[404, 400]) as page:
        with_key(page)
        if place == "a new product":
            fill(page, "UNREAD", photos)
        else:
            page.goto("/#catalogue?product=P12")
            page.get_by_role("button", name="Add photos").click()
            page.locator("#field-photos").set_input_files(photos)
        page.locator("form.change button.main").click()
        expect(page.get_by_role("alert")).to_contain_text("image '50$&.jpg': the bytes are not an image")


@pytest.mark.parametrize(
    ("status", "kind", "headers", "said"),
    [
        (413, "too-large", {}, "A photo, or all of them together, is too large"),
        (422, "invalid-request", {}, "Something in the form cannot be used"),
        (429, "busy", {"Retry-After": "7"}, "In 7 s it may be tried again."),
    ],
)
def test_every_refusal_is_said_in_words(
    browser: Browser, shop: Process, status: int, kind: str, headers: dict[str, str], said: str
) -> None:
    problem = {"type": f"urn:twinshot:problem:{kind}", "title": "t", "status": status, "detail": "the detail"}
    with opened(browser, shop, refused=[404, status]) as page:
        with_key(page)
        page.goto("/#catalogue?product=P12")
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("Title").fill("T")
        page.route(
            "**/products/P12",
            lambda route: (
                route.fulfill(json=problem, status=status, headers=headers)
                if route.request.method == "PATCH"
                else route.continue_()
            ),
        )
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text(said)
        expect(page.get_by_role("alert")).to_contain_text("the detail")
        expect(page.get_by_role("button", name="Save")).to_be_enabled()
