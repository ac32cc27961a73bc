"""The page in a real browser: what its first look takes, how soon a photo is answered, and pictures of every view."""

import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Request

from benchmarks import demo, page_pictures
from benchmarks.page_in_browser import CARD, DESKTOP, chromium, opened
from benchmarks.result import QUICK, WORK, claim, write
from benchmarks.serve.servers import CORES, Server, twinshot

ROUNDS = 3 if QUICK else 10
KEY = "a-key-for-the-pictures"


def main() -> None:
    demo.made()
    samples = demo.FOLDER / "samples"
    with _service(samples) as server, chromium() as browser:
        looks = [_first_look(browser, server, 1 + own) for own in range(ROUNDS)]
        page_pictures.take(browser, server, samples)
    median = {name: statistics.median(own[name] for own in looks) for name in looks[0]}
    write(
        "page",
        "The page, in Chromium on the machine that serves it",
        {"looks": looks},
        [
            claim("first look: requests, besides the sample photos", median["requests"], "", None, "lower"),
            claim("first look: bodies, besides the sample photos", median["bytes"] / 1e3, "kB", None, "lower"),
            claim("from the address to the samples", median["seen_ms"], "ms", None, "lower", "an empty cache"),
            claim("from a click on a sample to the first result", median["answered_ms"], "ms", None, "lower"),
        ],
    )


@contextmanager
def _service(samples: Path) -> Iterator[Server]:
    """The demo's shop with a state, so that the catalogue can be changed."""
    state = WORK / "page-state"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir()
    variables = {"TWINSHOT_STATE": str(state), "TWINSHOT_WRITE_KEY": KEY, "TWINSHOT_SAMPLES": str(samples)}
    with twinshot(demo.BUNDLES, CORES, None, None, ("app.main",), **variables) as server:
        yield server


def _first_look(browser: Browser, server: Server, sample: int) -> dict[str, Any]:
    """What a new visitor waits for; a sample that nobody asked with before, so that no cache answers."""
    with opened(browser, server, DESKTOP, "light") as page:
        finished: list[Request] = []
        page.on("requestfinished", lambda own: finished.append(own))  # noqa: PLW0108 - Playwright marks the handler
        page.goto("/")
        page.locator(".samples img").first.wait_for()
        page.wait_for_load_state("networkidle")
        seen = page.evaluate("performance.getEntriesByType('resource').at(-1).responseEnd")
        sizes = [own.sizes()["responseBodySize"] for own in finished if "/samples/" not in own.url]
        began = page.evaluate("performance.now()")
        page.locator(".samples a").nth(sample).click()
        page.locator(CARD).first.wait_for()
        answered = page.evaluate("performance.now()") - began
    return {"requests": len(sizes), "bytes": sum(sizes), "seen_ms": seen, "answered_ms": answered}


if __name__ == "__main__":
    main()
