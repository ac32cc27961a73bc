"""The page in a real browser: what its first look takes, how soon a photo is answered, and pictures of every view."""

import shutil
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Request, ViewportSize, sync_playwright

from benchmarks import demo
from benchmarks.result import PROJECT, QUICK, WORK, claim, write
from benchmarks.serve.servers import CORES, Server, twinshot
from engine.bundle.store import current

PICTURES = PROJECT / "docs" / "pictures"
DESKTOP, PHONE = ViewportSize(width=1280, height=860), ViewportSize(width=390, height=844)
ROUNDS = 3 if QUICK else 10
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
KEY = "a-key-for-the-pictures"
Scheme = Literal["light", "dark"]
CARD = "#results li"


def main() -> None:
    demo.made()
    samples = demo.FOLDER / "samples"
    with _service(samples) as server, sync_playwright() as playwright:
        program = next(filter(None, map(shutil.which, BROWSERS)), None)
        if program is None:
            raise SystemExit(f"none of {', '.join(BROWSERS)} is installed; run `make system`")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        loaded = [_first_look(browser, server, 1 + own) for own in range(ROUNDS)]
        _take_pictures(browser, server, samples)
        browser.close()
    median = {name: statistics.median(own[name] for own in loaded) for name in loaded[0]}
    write(
        "page",
        "The page, in Chromium on the machine that serves it",
        {"looks": loaded},
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


@contextmanager
def _page(browser: Browser, server: Server, size: ViewportSize, scheme: Scheme) -> Iterator[Page]:
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


def _first_look(browser: Browser, server: Server, sample: int) -> dict[str, Any]:
    """What a new visitor waits for; a sample that nobody asked with before, so that no cache answers."""
    with _page(browser, server, DESKTOP, "light") as page:
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


def _take_pictures(browser: Browser, server: Server, samples: Path) -> None:
    """Every view at desktop and phone size, light and dark."""
    PICTURES.mkdir(exist_ok=True)
    kinds: Sequence[tuple[str, ViewportSize]] = (("desktop", DESKTOP), ("phone", PHONE))
    schemes: Sequence[Scheme] = ("light", "dark")
    for kind, size in kinds:
        for scheme in schemes:
            with _page(browser, server, size, scheme) as page:
                _views(page, samples, f"{kind}-{scheme}")


def _views(page: Page, samples: Path, ending: str) -> None:
    page.goto("/")
    page.locator(".samples img").first.wait_for()
    _keep(page, f"start-{ending}")
    page.locator(".samples a").first.click()
    page.locator(f"{CARD} img").first.wait_for()
    _keep(page, f"search-{ending}")
    page.goto("/#catalogue")
    page.locator("#catalogue img").first.wait_for()
    _keep(page, f"catalogue-{ending}")
    page.goto("/#status")
    page.locator("#status h2").first.wait_for()
    for photo in sorted(samples.iterdir()):  # its figures are read every three seconds, and want something to show
        payload = FilePayload(name=photo.name, mimeType="image/jpeg", buffer=photo.read_bytes())
        page.request.post("/search", multipart={"image": payload})
        page.wait_for_timeout(600)
    _keep(page, f"status-{ending}")
    page.goto((demo.BUNDLES / current(demo.BUNDLES) / "report.html").as_uri())
    _keep(page, f"report-{ending}")


def _keep(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    Image.open(BytesIO(page.screenshot())).save(PICTURES / f"{name}.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
