"""What tests of the catalogue share: services whose products change."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.app.running import Process, processes

WRITE_KEY = "write-key-write-key"
TILES = ".shelf .tiles:visible .tile"


@contextmanager
def shop_over(bundles: Path, folder: Path, **variables: str) -> Iterator[Process]:
    """A service that takes changes from whoever has WRITE_KEY."""
    state = folder / "state"
    state.mkdir()
    with processes(bundles, folder) as start:
        yield start(TWINSHOT_STATE=str(state), TWINSHOT_WRITE_KEY=WRITE_KEY, **variables).until_ready()


def with_key(page: Page, key: str = WRITE_KEY) -> None:
    """Open the page of a service that wants a key, and enter one where it asks."""
    page.goto("/#catalogue")
    page.locator("#key").fill(key)
    page.get_by_role("button", name="Use key").click()
    expect(page.get_by_role("tree")).to_be_visible()
