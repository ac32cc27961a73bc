"""Chromium, and pages of a fresh profile in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from benchmarks.serve.servers import Server

DESKTOP, PHONE = ViewportSize(width=1280, height=860), ViewportSize(width=390, height=844)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CARD = "#results li"
Scheme = Literal["light", "dark"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit(f"none of {', '.join(BROWSERS)} is installed; run `make system`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, server: Server, size: ViewportSize, scheme: Scheme) -> Iterator[Page]:
    """A page of a fresh profile."""
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}",
        viewport=size,
        color_scheme=scheme,
        reduced_motion="reduce",
        device_scale_factor=1.5,
        is_mobile=size is PHONE,
        has_touch=size is PHONE,
    )
    yield context.new_page()
    context.close()
