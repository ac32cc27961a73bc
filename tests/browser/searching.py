"""What tests of the search do again and again."""

import base64
from pathlib import Path

from playwright.sync_api import Page, expect

CARDS = "#results li"


def choose(page: Page, photo: Path) -> None:
    """Open the page, choose a photo and wait for the answer."""
    page.goto("/")
    page.locator("#photo").set_input_files(photo)
    expect(page.locator(CARDS).first).to_be_visible()


def opened_sample(page: Page) -> None:
    """Open the page, click the first sample and wait for the answer."""
    page.goto("/")
    page.get_by_role("region", name="Photos to try").get_by_role("link").first.click()
    expect(page.locator(CARDS).first).to_be_visible()


def drop(page: Page, photo: Path) -> None:
    """Drop a file on the page."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.evaluate(
        """data => {
            const bytes = Uint8Array.from(atob(data), own => own.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
            const all = { dataTransfer: transfer, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new DragEvent("drop", all));
        }""",
        base64.b64encode(photo.read_bytes()).decode(),
    )
