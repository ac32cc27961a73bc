"""Reports of generations that were built for other tests, and of one whose catalogue is hostile."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.bundle.store import current
from index_builder.indexing import Order, index
from index_builder.progress import Progress

HOSTILE = '<script>alert("&")</script><img src=x onerror=alert(1)>'


def live(bundles: Path) -> Path:
    """The folder of the live generation."""
    return bundles / current(bundles)


def figures(folder: Path) -> dict[str, Any]:
    """report.json of a generation."""
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


def page(folder: Path) -> str:
    """report.html of a generation."""
    return (folder / "report.html").read_text()


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory, tiny_catalogue: Path, tiny_model: Path) -> Path:
    """A generation of a catalogue with markup in its texts, a script as an address, a bad row and copies."""
    folder = shutil.copytree(tiny_catalogue.parent, tmp_path_factory.mktemp("hostile") / "catalogue")
    with (folder / "catalogue.csv").open(newline="") as file:
        columns, *rows = csv.reader(file)
    for row in rows:
        row[columns.index("title")] = HOSTILE
        row[columns.index("leaf")] += "<b>"
        row.append("javascript:alert(2)" if row[1].startswith("P0") else f"https://shop.example/{row[1]}?a=1&b=2")
    with (folder / "catalogue.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[*columns, "url"], *rows])
    (folder / "photos" / "P00-0.jpg").write_bytes(b"no photo")
    shutil.copyfile(folder / "photos" / "P05-0.jpg", folder / "photos" / "P06-0.jpg")
    return index(Order(folder / "catalogue.csv", tiny_model, folder.parent / "out"), Progress()).folder
