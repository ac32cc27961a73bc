"""A real Chromium and a real service."""

import shutil
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect, sync_playwright

from tests.app.running import READ_KEY, Process, photo_of, processes, shop_over
from tests.browser.shops import with_key

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium. No longer than it is needed: beside a running Playwright nobody may run an event loop."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    assert path, f"none of {', '.join(NAMES)} is installed; run `make system`"
    expect.set_options(timeout=30_000)  # what is there sooner is not waited for any longer
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three photos to try: 03.jpg is one of P03, and so on."""
    folder = tmp_path_factory.mktemp("samples")
    for product in (3, 8, 11):
        (folder / f"{product:02}.jpg").write_bytes(photo_of(product))
    return folder


@pytest.fixture(scope="session")
def service(tiny_bundle: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The service over the tiny bundle, with photos to try."""
    with processes(tiny_bundle, tmp_path_factory.mktemp("service")) as start:
        yield start(TWINSHOT_SAMPLES=str(samples)).until_ready()


@pytest.fixture(scope="session")
def plain(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The same without."""
    with processes(tiny_bundle, tmp_path_factory.mktemp("plain")) as start:
        yield start().until_ready()


@pytest.fixture(scope="session")
def scored(calibrated_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A service whose results have scores."""
    with processes(calibrated_bundle, tmp_path_factory.mktemp("scored")) as start:
        yield start().until_ready()


@pytest.fixture(scope="session")
def locked(tiny_bundle: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The same, for callers with the key."""
    with processes(tiny_bundle, tmp_path_factory.mktemp("locked")) as start:
        yield start(TWINSHOT_READ_KEY=READ_KEY, TWINSHOT_SAMPLES=str(samples)).until_ready()


@pytest.fixture
def page(browser: Browser, service: Process) -> Iterator[Page]:
    """A page of the open service."""
    with opened(browser, service) as page:
        yield page


@pytest.fixture
def plain_page(browser: Browser, plain: Process) -> Iterator[Page]:
    """A page of the service that has no samples."""
    with opened(browser, plain) as page:
        yield page


@pytest.fixture
def scored_page(browser: Browser, scored: Process) -> Iterator[Page]:
    """A page of the service that has scores."""
    with opened(browser, scored) as page:
        yield page


@pytest.fixture
def unseen(tiny_catalogue: Path) -> Path:
    """A photo of P03 that is not in the index."""
    return tiny_catalogue.parent / "photos" / "P03-q0.jpg"


@pytest.fixture
def known(calibrated_catalogue: Path) -> Path:
    """A photo of P003 that is in the index with scores."""
    return next((calibrated_catalogue.parent / "photos").glob("P*3-0.jpg"))


@pytest.fixture
def locked_page(browser: Browser, locked: Process) -> Iterator[Page]:
    """A page of the service that asks for a key."""
    with opened(browser, locked) as page:
        yield page


@pytest.fixture(scope="module")
def shop(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """All tests share its catalogue: each changes products of its own."""
    with shop_over(tiny_bundle, tmp_path_factory.mktemp("shop"), TWINSHOT_READ_KEY=READ_KEY) as own:
        yield own


@pytest.fixture
def keeper(browser: Browser, shop: Process) -> Iterator[Page]:
    """A page of somebody who has the write key. Whether there is such a product is asked before one is added: 404."""
    with opened(browser, shop, refused=[404]) as page:
        with_key(page)
        yield page


@contextmanager
def opened(browser: Browser, service: Process, refused: Container[int] = (), **options: Any) -> Iterator[Page]:
    """A page of a fresh profile; at the end nothing may have failed in it and nothing may have come from elsewhere.

    refused: statuses of answers that the test expects.
    """
    context = browser.new_context(base_url=service.url, **options)
    own = context.new_page()
    wrong: list[str] = []
    own.on("console", _error(wrong))
    own.on("response", _missing(wrong, refused))
    own.on("pageerror", lambda error: wrong.append(str(error)))
    own.on("request", _outside(service.url, wrong))
    yield own
    context.close()
    assert wrong == []


def _error(wrong: list[str]) -> Callable[[ConsoleMessage], None]:
    def look(message: ConsoleMessage) -> None:
        # Chromium writes one for each answer that is an error; `_missing` judges those
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            wrong.append(message.text)

    return look


def _missing(wrong: list[str], refused: Container[int]) -> Callable[[Response], None]:
    def look(response: Response) -> None:
        # a search may be refused, and anything for want of a key: the tests judge those
        expected = response.status == 401 or response.status in refused or urlsplit(response.url).path == "/search"
        if response.status >= 400 and not expected:
            wrong.append(f"{response.status} from {response.url}")

    return look


def _outside(url: str, wrong: list[str]) -> Callable[[Request], None]:
    def look(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            wrong.append(f"request to {request.url}")

    return look
