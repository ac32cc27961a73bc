"""Pictures of the page for the documentation: each view in two sizes and two schemes, each state in two of these."""

from collections.abc import Callable
from io import BytesIO
from itertools import product as pairs
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page

from benchmarks.demo import BUNDLES
from benchmarks.page_in_browser import CARD, DESKTOP, PHONE, Scheme, opened
from benchmarks.result import PROJECT
from benchmarks.serve.servers import Server
from engine.bundle.store import current

PICTURES = PROJECT / "docs" / "pictures"
SIZES = {"desktop": DESKTOP, "phone": PHONE}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def start(page: Page, samples: Path) -> None:
    page.goto("/")
    page.locator(".samples img").first.wait_for()


def search(page: Page, samples: Path) -> None:
    start(page, samples)
    page.locator(".samples a").first.click()
    page.locator(f"{CARD} img").first.wait_for()


def catalogue(page: Page, samples: Path) -> None:
    page.goto("/#catalogue")
    page.locator("#catalogue .tile img").first.wait_for()


def status(page: Page, samples: Path) -> None:
    page.goto("/#status")
    page.locator("#status h2").first.wait_for()
    for photo in sorted(samples.iterdir()):  # its figures are read every three seconds, and want something to show
        payload = FilePayload(name=photo.name, mimeType="image/jpeg", buffer=photo.read_bytes())
        page.request.post("/search", multipart={"image": payload})
        page.wait_for_timeout(600)


def report(page: Page, samples: Path) -> None:
    page.goto((BUNDLES / current(BUNDLES) / "report.html").as_uri())


def box(page: Page, samples: Path) -> None:
    _asked(page, "sample=01.jpg&box=0.2,0.15,0.95,0.85")


def uncertain(page: Page, samples: Path) -> None:
    _asked(page, "sample=01.jpg&box=0,0.5,0.4,1")


def several(page: Page, samples: Path) -> None:
    _asked(page, "sample=01.jpg&sample=04.jpg&sample=07.jpg&category=meta:Kitchen")


def similar(page: Page, samples: Path) -> None:
    _asked(page, "product=P0051")


def program(page: Page, samples: Path) -> None:
    search(page, samples)
    page.get_by_role("button", name="Ask the same from your program").click()
    page.get_by_role("dialog").wait_for()


def refused(page: Page, samples: Path) -> None:
    page.goto("/")
    page.locator("#photo").set_input_files(FilePayload(name="order.pdf", mimeType="image/jpeg", buffer=b"%PDF-1.7"))
    page.get_by_role("alert").wait_for()


def item(page: Page, samples: Path) -> None:
    page.goto("/#catalogue?product=P0051")
    page.locator("#catalogue img").first.wait_for()


def adding(page: Page, samples: Path) -> None:
    page.goto("/#catalogue?add=")
    photos = [samples / "01.jpg", samples / "02.jpg"]
    page.locator("#field-photos").set_input_files(photos)


def key(page: Page, samples: Path) -> None:
    page.goto("/")
    page.get_by_role("button", name="Key").click()
    page.get_by_role("dialog").wait_for()


def api(page: Page, samples: Path) -> None:
    page.goto("/docs")
    page.locator(".opblock").first.wait_for()


View = Callable[[Page, Path], None]
VIEWS: tuple[View, ...] = (start, search, catalogue, status, report)
STATES: tuple[View, ...] = (box, uncertain, several, similar, program, refused, item, adding, key, api)


def take(browser: Browser, server: Server, samples: Path) -> None:
    """Write docs/pictures: a lossy WebP for each."""
    PICTURES.mkdir(exist_ok=True)
    for (size, scheme), view in pairs(pairs(SIZES, SCHEMES), VIEWS):
        _take(browser, server, samples, view, size, scheme)
    for (size, scheme), view in pairs((("desktop", SCHEMES[0]), ("phone", SCHEMES[1])), STATES):
        _take(browser, server, samples, view, size, scheme)


def _take(browser: Browser, server: Server, samples: Path, view: View, size: str, scheme: Scheme) -> None:
    with opened(browser, server, SIZES[size], scheme) as page:
        view(page, samples)
        page.wait_for_load_state("networkidle")
        name = f"{view.__name__}-{size}-{scheme}.webp"
        Image.open(BytesIO(page.screenshot())).save(PICTURES / name, quality=80, method=6)


def _asked(page: Page, question: str) -> None:
    """The page at a link that restores a question."""
    page.goto(f"/#search?{question}")
    page.locator(f"{CARD} img").first.wait_for()
