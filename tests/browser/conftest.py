"""A real Chromium and a real service."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

from tests.app.running import Process, processes

READ_KEY = "read-key-read-key-0"
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
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def service(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The service over the tiny bundle."""
    with processes(tiny_bundle, tmp_path_factory.mktemp("service")) as start:
        yield start().until_ready()


@pytest.fixture(scope="module")
def locked(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The same, for callers with the key."""
    with processes(tiny_bundle, tmp_path_factory.mktemp("locked")) as start:
        yield start(TWINSHOT_READ_KEY=READ_KEY).until_ready()


@pytest.fixture
def page(browser: Browser, service: Process) -> Iterator[Page]:
    """A page of the open service."""
    with opened(browser, service) as page:
        yield page


@pytest.fixture
def locked_page(browser: Browser, locked: Process) -> Iterator[Page]:
    """A page of the service that asks for a key."""
    with opened(browser, locked) as page:
        yield page


@contextmanager
def opened(browser: Browser, service: Process) -> Iterator[Page]:
    """A page of a fresh profile; at the end nothing may have failed in it and nothing may have come from elsewhere."""
    context = browser.new_context(base_url=service.url)
    own = context.new_page()
    wrong: list[str] = []
    own.on("console", _error(wrong))
    own.on("response", _missing(wrong))
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


def _missing(wrong: list[str]) -> Callable[[Response], None]:
    def look(response: Response) -> None:
        if response.status >= 400 and not response.url.endswith("/search"):
            wrong.append(f"{response.status} from {response.url}")

    return look


def _outside(url: str, wrong: list[str]) -> Callable[[Request], None]:
    def look(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            wrong.append(f"request to {request.url}")

    return look
