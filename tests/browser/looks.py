"""How a page must look: the sizes that it is looked at in, and what axe-core says."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
GRAVE = ("serious", "critical")


def serious(page: Page) -> list[tuple[str, list[str]]]:
    """What axe-core finds wrong that keeps people out, and where."""
    violations = Axe().run(page).response["violations"]
    return [(own["id"], [node["html"] for node in own["nodes"]]) for own in violations if own["impact"] in GRAVE]


def not_wider_than_the_window(page: Page) -> bool:
    """Whether nobody has to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
