"""Is a deleted product ever seen again? After rebuilds with and without the log, a new model, roll-back, compacting."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx

from benchmarks.change.asking import KEY, changing, state
from benchmarks.result import PROJECT, WORK, Claim, claim
from benchmarks.serve.servers import CORES, Server
from benchmarks.serve.shop import real
from benchmarks.study.photos import folder, records

PRODUCTS = 3
ASKED = 5
"""Photos of each that is gone, of `val`."""


class Found(NamedTuple):
    """How many answers have a product: its own page, and searches by its photos as far as they go."""

    page: int
    searches: int


def deleted(_: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Grocery products are deleted from a running service, and looked for after all that could bring them back."""
    seen: dict[str, int] = {}
    with TemporaryDirectory(dir=WORK) as work, state() as log:
        bundles = Path(work) / "bundles"
        shutil.copytree(real(), bundles)
        products = _products()
        with changing(bundles, log, cores=CORES) as server, httpx.Client(timeout=120) as http:
            http.base_url = httpx.URL(f"http://127.0.0.1:{server.port}")
            http.headers["Authorization"] = f"Bearer {KEY}"
            before = [_found(http, product) for product in products]
            for product in products:
                http.delete(f"/products/{product}").raise_for_status()
            for step in _steps(bundles, log):
                http.post("/admin/reload").raise_for_status()
                seen[step] = _answers(http, products)
        seen["restart"] = _after_restart(bundles, log, products)
    figures = {"before": [own._asdict() for own in before], "answers_with_them": seen}
    return figures, judged(before, seen)


def judged(before: list[Found], seen: dict[str, int]) -> list[Claim]:
    """`before`: what had each product while it was there; `seen`: answers with any of them after each step.

    That no search has a deleted product says something only where searches had it before: pages do not count for that.
    """
    pages, searches = (sum(counts) for counts in zip(*before, strict=True))
    note = f"after each of {', '.join(seen)}; before they were deleted {pages} pages and {searches} searches had them"
    return [
        claim("answers with a deleted product", sum(seen.values()), "", 0, "lower", note),
        claim("searches that had the product before, the least of any", min(own.searches for own in before), "", 1,
              "higher", f"of {ASKED}"),
    ]  # fmt: skip


def _steps(bundles: Path, log: Path) -> Iterator[str]:
    """Do one thing after another that makes another generation live, and say what it was."""
    build = bundles / ".build"
    catalogue, model = str(folder("grocery") / "catalogue.csv"), str(build / "model")
    index = ["index", catalogue, f"--out={bundles}", "--keep=9", "--force=benchmark"]
    yield "the deletion itself"
    _run(*index, f"--model={model}")
    yield "a rebuild without the log"
    _run(*index, f"--model={model}", f"--state={log}")
    yield "a rebuild with the log"
    _run("compact", str(bundles), f"--state={log}")
    yield "compaction"
    _run("export", str(build / "run"), f"--out={build / 'other'}", "--bits=256")
    _run(*index, f"--model={build / 'other'}")
    yield "a new model"
    for number in range(1, 4):
        _run("rollback", str(bundles))
        yield f"roll-back {number}"


def _run(*command: str) -> None:
    subprocess.run([sys.executable, "-m", "twinshot", *command], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


def _products() -> list[str]:
    counts: dict[str, int] = {}
    for row in records("grocery"):
        if row["split"] == "val":
            counts[row["product_id"]] = counts.get(row["product_id"], 0) + 1
    return sorted(counts, key=lambda own: -counts[own])[:PRODUCTS]


def _found(http: httpx.Client, product: str) -> Found:
    rows = [row for row in records("grocery") if row["split"] == "val" and row["product_id"] == product][:ASKED]
    page = int(http.get(f"/products/{product}").status_code == 200)
    searches = 0
    for row in rows:
        photo = (folder("grocery") / row["image"]).read_bytes()
        answer = http.post("/search?limit=200", content=photo, headers={"Content-Type": "image/jpeg"})
        searches += product in [own["product_id"] for own in answer.raise_for_status().json()["results"]]
    return Found(page, searches)


def _answers(http: httpx.Client, products: list[str]) -> int:
    return sum(sum(_found(http, product)) for product in products)


def _after_restart(bundles: Path, log: Path, products: list[str]) -> int:
    server: Server
    with changing(bundles, log, cores=CORES) as server, httpx.Client(timeout=120) as http:
        http.base_url = httpx.URL(f"http://127.0.0.1:{server.port}")
        return _answers(http, products)
