"""What tests of the catalogue share."""

from playwright.sync_api import Page, expect

from tests.app.running import WRITE_KEY

TILES = ".shelf .tiles:visible .tile"


def with_key(page: Page, key: str = WRITE_KEY) -> None:
    """Open the page of a service that wants a key, and enter one where it asks."""
    page.goto("/#catalogue")
    page.locator("#key").fill(key)
    page.get_by_role("button", name="Use key").click()
    expect(page.get_by_role("tree")).to_be_visible()
