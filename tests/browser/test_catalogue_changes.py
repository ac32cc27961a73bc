"""Products are added, changed and removed on the page, by whoever has the write key."""

from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.running import READ_KEY, WRITE_KEY, Process, photo_of, shop_over
from tests.browser.conftest import opened
from tests.browser.looks import PHONE
from tests.browser.shops import TILES, asked, enter_key, fill, with_key


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("front.jpg", "back.jpg")]
    for at, path in enumerate(paths):
        path.write_bytes(photo_of(50, at))
    return paths


def changed(shop: Process, product: str, **fields: str) -> None:
    """Somebody else changes a product."""
    answer = shop.http.patch(f"/products/{product}", json=fields, headers={"Authorization": f"Bearer {WRITE_KEY}"})
    assert answer.status_code == 200


def test_a_product_is_added_with_photos_and_found_by_the_next_search(
    keeper: Page, shop: Process, photos: list[Path]
) -> None:
    before = sum(own["rows"] for own in asked(shop, "/info")["categories"] if own["category"]["meta"] == "meta0")  # type: ignore[attr-defined]
    fill(keeper, "NEW/1", photos)
    previews = keeper.get_by_role("list", name="Chosen photos").get_by_role("img")
    expect(previews).to_have_count(2)
    expect(previews.first).to_have_js_property("naturalWidth", 96)
    keeper.get_by_label("Title").fill("Something new")
    keeper.get_by_label("Category", exact=True).fill("meta0")
    keeper.get_by_label("Subcategory").focus()
    known = keeper.locator("#known-level2 option").evaluate_all("all => all.map(own => own.value)")
    assert known == ["level0", "level2", "level4"]  # those below meta0
    keeper.get_by_label("Subcategory").fill("level2")
    keeper.get_by_label("Web address").fill("https://shop.example/new")
    keeper.get_by_role("button", name="Add product").click()
    expect(keeper.get_by_role("heading", name="Something new")).to_be_focused()
    expect(keeper.get_by_role("list", name="Photos").get_by_role("img").first).to_have_js_property("naturalWidth", 96)
    product = asked(shop, "/products/NEW%2F1")
    assert product["category"] == {"meta": "meta0", "level2": "level2", "leaf": None}
    assert [own["image_id"] for own in product["images"]] == ["NEW/1-back.jpg", "NEW/1-front.jpg"]  # type: ignore[attr-defined]
    key = {"Authorization": f"Bearer {READ_KEY}"}
    found = shop.http.post("/search", files={"image": photos[0].read_bytes()}, headers=key).json()
    assert found["results"][0]["product_id"] == "NEW/1"
    keeper.get_by_role("link", name="‹ All products").click()
    expect(keeper.locator(TILES).filter(has_text="Something new")).to_be_visible()
    expect(keeper.get_by_role("treeitem", name="meta0")).to_contain_text(f"meta0{before + 2}")


def test_a_photo_is_left_out_again_and_one_that_is_none_is_refused_at_once(
    keeper: Page, photos: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "note.txt").write_text("hello")
    fill(keeper, "X", [*photos, tmp_path / "note.txt"])
    expect(keeper.get_by_role("alert")).to_have_text("note.txt is not a photo.")
    keeper.get_by_role("button", name="Leave out front.jpg").click()
    expect(keeper.get_by_role("list", name="Chosen photos").get_by_role("img")).to_have_count(1)
    keeper.locator("#field-photos").set_input_files(photos)
    expect(keeper.get_by_role("list", name="Chosen photos").get_by_role("img")).to_have_count(2)
    expect(keeper.get_by_role("alert")).to_have_text("back.jpg is there already.")


def test_a_product_that_is_there_is_replaced_only_after_a_question(
    keeper: Page, shop: Process, photos: list[Path]
) -> None:
    before = asked(shop, "/products/P05")["images"]
    fill(keeper, "P05", photos)
    keeper.get_by_role("button", name="Add product").click()
    question = keeper.get_by_role("dialog", name="Replace P05?")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    assert asked(shop, "/products/P05")["images"] == before
    keeper.get_by_role("button", name="Add product").click()
    question.get_by_role("button", name="Replace").click()
    expect(keeper.get_by_role("heading", name="P05")).to_be_focused()
    assert len(asked(shop, "/products/P05")["images"]) == 2  # type: ignore[arg-type]


def test_title_and_category_are_edited_and_photos_stay(keeper: Page, shop: Process) -> None:
    keeper.goto("/#catalogue?product=P06")
    keeper.get_by_role("button", name="Edit").click()
    expect(keeper.get_by_label("Title")).to_be_focused()
    expect(keeper.get_by_label("Title")).to_have_value("Drawn product 6")
    keeper.get_by_label("Title").fill("Another name")
    keeper.get_by_label("Type").fill("")
    with keeper.expect_request(lambda own: own.method == "PATCH") as sent:
        keeper.get_by_role("button", name="Save").click()
    assert sent.value.post_data_json == {"title": "Another name", "leaf": None}
    assert sent.value.headers["if-match"]
    expect(keeper.get_by_role("heading", name="Another name")).to_be_focused()
    product = asked(shop, "/products/P06")
    assert product["category"] == {"meta": "meta1", "level2": "level1", "leaf": None}
    assert len(product["images"]) == 3  # type: ignore[arg-type]


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(browser: Browser, shop: Process) -> None:
    with opened(browser, shop, refused=[412]) as page:
        with_key(page)
        page.goto("/#catalogue?product=P07")
        page.get_by_role("button", name="Edit").click()
        changed(shop, "P07", title="Theirs")
        page.get_by_label("Title").fill("Ours")
        page.get_by_role("button", name="Save").click()
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("Somebody else has changed this product meanwhile")
        assert asked(shop, "/products/P07")["title"] == "Theirs"
        alert.get_by_role("button", name="Show it as it is now").click()
        expect(page.get_by_role("heading", name="Theirs")).to_be_focused()
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("Title").fill("Ours")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Ours")).to_be_focused()


def test_photos_are_added_and_removed(keeper: Page, shop: Process, photos: list[Path]) -> None:
    keeper.goto("/#catalogue?product=P08")
    pictures = keeper.get_by_role("list", name="Photos", exact=True).get_by_role("img")
    keeper.get_by_role("button", name="Add photos").click()
    keeper.locator("#field-photos").set_input_files(photos[:1])
    keeper.locator("form").get_by_role("button", name="Add photos").click()
    expect(pictures).to_have_count(4)
    keeper.get_by_role("button", name="Remove photo 1").click()
    keeper.get_by_role("dialog").get_by_role("button", name="Remove photo").click()
    expect(pictures).to_have_count(3)
    ids = [own["image_id"] for own in asked(shop, "/products/P08")["images"]]  # type: ignore[attr-defined]
    assert ids == ["P08-1", "P08-2", "P08-front.jpg"]


def test_who_adds_photos_and_chose_none_is_told_so_in_the_form_that_stays(
    keeper: Page, shop: Process, photos: list[Path]
) -> None:
    keeper.goto("/#catalogue?product=P13")
    keeper.get_by_role("button", name="Add photos").click()
    form = keeper.locator("form.change")
    form.get_by_role("button", name="Add photos").click()
    expect(form.get_by_role("alert")).to_have_text("Choose a photo first.")
    field = form.locator("#field-photos")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description("Choose a photo first.")
    assert len(asked(shop, "/products/P13")["images"]) == 3  # type: ignore[arg-type]
    field.set_input_files(photos[:1])
    expect(form.get_by_role("alert")).to_have_count(0)
    form.get_by_role("button", name="Add photos").click()
    expect(keeper.get_by_role("list", name="Photos", exact=True).get_by_role("img")).to_have_count(4)


@pytest.mark.parametrize("verb", ["Edit", "Add photos"])
def test_a_form_that_opens_on_a_phone_is_seen_from_its_heading_to_its_buttons(
    browser: Browser, shop: Process, verb: str
) -> None:
    with opened(browser, shop, **PHONE) as page:
        page.goto("/#catalogue?product=P13")
        enter_key(page, WRITE_KEY)
        page.get_by_role("button", name=verb).click()
        form = page.locator("form.change")
        expect(form.get_by_role("heading", name=verb)).to_be_in_viewport(ratio=1)
        expect(form.get_by_role("button", name="Cancel")).to_be_in_viewport(ratio=1)
        expect(form.locator("input").first).to_be_focused()


@pytest.mark.parametrize("id", ["CAM/1", 'TV 55"'])
def test_photos_that_a_camera_names_alike_are_all_kept(keeper: Page, shop: Process, id: str) -> None:
    taken = [{"name": "image.jpg", "mimeType": "image/jpeg", "buffer": photo_of(60, at)} for at in range(5)]
    assert len({len(own["buffer"]) for own in taken}) == 5  # one of the same size would not be taken twice
    keeper.goto("/#catalogue?add=")
    keeper.get_by_label("Product id").fill(id)
    keeper.locator("#field-photos").set_input_files(taken[:2])
    keeper.get_by_role("button", name="Add product").click()
    pictures = keeper.get_by_role("list", name="Photos", exact=True).get_by_role("img")
    expect(pictures).to_have_count(2)
    for before, now in [(2, 3), (3, 5)]:
        keeper.get_by_role("button", name="Add photos").click()
        keeper.locator("#field-photos").set_input_files(taken[before:now])
        keeper.locator("form").get_by_role("button", name="Add photos").click()
        expect(pictures).to_have_count(now)
    images = asked(shop, f"/products/{quote(id, safe='')}")["images"]
    names = ["image.jpg", *(f"{number}-image.jpg" for number in (2, 3, 4, 5))]
    assert {own["image_id"] for own in images} == {f"{id}-{name}".replace('"', "%22") for name in names}  # type: ignore[attr-defined]


def test_a_product_is_removed_after_a_question_that_means_no_by_itself(keeper: Page, shop: Process) -> None:
    keeper.goto("/#catalogue?product=P09")
    remove = keeper.get_by_role("button", name="Remove product")
    question = keeper.get_by_role("dialog", name="Remove Drawn product 9?")
    for no in ("Escape", "Enter"):
        remove.click()
        expect(question).to_contain_text("3 photos")
        keeper.keyboard.press(no)
        expect(question).to_be_hidden()
    assert asked(shop, "/products/P09")["status"] == 200
    remove.click()
    question.get_by_role("button", name="Remove product").click()
    expect(keeper.locator(TILES).first).to_be_visible()
    expect(keeper.get_by_text("Drawn product 9", exact=True)).to_have_count(0)
    assert asked(shop, "/products/P09")["status"] == 404


def test_the_first_change_tells_that_the_write_key_is_right(
    browser: Browser, tiny_bundle: Path, tmp_path: Path
) -> None:
    with shop_over(tiny_bundle, tmp_path) as open_shop, opened(browser, open_shop) as page:
        page.goto("/#catalogue?product=P10")
        page.get_by_role("button", name="Key", exact=True).click()
        page.locator("#key").fill(WRITE_KEY)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Key set, not tried yet")).to_be_visible()
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("Title").fill("By the keeper")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="By the keeper")).to_be_focused()
        expect(page.get_by_role("button", name="Key set", exact=True)).to_be_visible()


def test_what_is_lost_with_the_last_photo_and_with_a_product_is_told(keeper: Page, photos: list[Path]) -> None:
    fill(keeper, "LONE", photos[:1])
    keeper.get_by_role("button", name="Add product").click()
    expect(keeper.get_by_role("heading", name="LONE")).to_be_focused()
    keeper.get_by_role("button", name="Remove photo 1").click()
    question = keeper.get_by_role("dialog")
    expect(question).to_contain_text("the last one: the product cannot be found by a photo then")
    question.get_by_role("button", name="Remove photo").click()
    expect(keeper.get_by_text("none: it cannot be found by a photo")).to_be_visible()
    keeper.get_by_role("button", name="Remove product").click()
    expect(question).to_contain_text("It is not found any more. A new index does not bring it back.")


def test_a_level_is_named_as_files_and_answers_name_it(keeper: Page) -> None:
    keeper.goto("/#catalogue?add=")
    for label, column in {"Category": "meta", "Subcategory": "level2", "Type": "leaf"}.items():
        field = keeper.locator(".field").filter(has=keeper.get_by_label(label, exact=True))
        expect(field.locator("code")).to_have_text(column)
