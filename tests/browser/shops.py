"""What tests of the catalogue share."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.app.running import READ_KEY, WRITE_KEY, Process

TILES = ".shelf .tiles:visible .tile"


def with_key(page: Page, key: str = WRITE_KEY) -> None:
    """Open the page of a service that wants a key, and enter one where it asks."""
    page.goto("/#catalogue")
    page.locator("#key").fill(key)
    page.get_by_role("button", name="Use key").click()
    expect(page.get_by_role("tree")).to_be_visible()


def asked(shop: Process, path: str) -> dict[str, object]:
    """What the service answers, with the status."""
    answer = shop.http.get(path, headers={"Authorization": f"Bearer {READ_KEY}"})
    return dict(answer.json(), status=answer.status_code)


def fill(page: Page, id: str, photos: list[Path]) -> None:
    """Open the form for a new product with its id and photos."""
    page.goto("/#catalogue?add=")
    page.get_by_label("Product id").fill(id)
    page.locator("#field-photos").set_input_files(photos)


def enter_key(page: Page, key: str = READ_KEY) -> None:
    """Enter a key in the dialog that is open."""
    page.get_by_label("Key", exact=True).fill(key)
    page.keyboard.press("Enter")
