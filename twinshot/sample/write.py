"""The sample on disk: `photos/`, `catalogue.csv`, and `products.csv` with each product's part in the demo."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np

from engine.files import write_atomic
from twinshot.sample.camera import photograph
from twinshot.sample.cutout import draw
from twinshot.sample.plan import plan
from twinshot.sample.product import Product, Role

SEED = 2026
COLUMNS = ("image", "image_id", "product_id", "meta", "level2", "leaf", "title", "split")
PHOTOS: dict[Role, dict[str, int]] = {
    "seen": {"train": 16, "query": 3},
    "trained": {"train": 16, "val": 2},
    "unseen": {"index": 6, "query": 3},
    "stranger": {"query": 3},
}
"""How many photos of a product go into which split."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One photo of the sample: its row of the catalogue, and its bytes."""

    product: Product
    image_id: str
    split: str
    jpeg: bytes

    @property
    def image(self) -> str:
        """Path relative to the catalogue."""
        return f"photos/{self.image_id}.jpg"


def shots(seed: int = SEED, products: list[Product] | None = None) -> Iterator[Shot]:
    """Every photo of the sample, or of `products`; each has random numbers of its own, whatever else is drawn."""
    for product in plan(seed) if products is None else products:
        cutout = draw(product.design)
        splits = [split for split, number in PHOTOS[product.role].items() for _ in range(number)]
        for number, split in enumerate(splits, start=1):
            jpeg = photograph(cutout, np.random.default_rng([seed, product.number, number]))
            yield Shot(product, f"{product.id}-{number}", split, jpeg)


def write_sample(folder: Path, seed: int = SEED, progress: Callable[[int], None] = lambda done: None) -> Path:
    """Draw the whole sample under `folder`; the path of its catalogue.csv, which is written last.

    `progress` hears how many photos are drawn.
    """
    rows = []
    for done, shot in enumerate(shots(seed), start=1):
        path = folder / shot.image
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(shot.jpeg)
        design = shot.product.design
        category = (design.shape.meta, design.shape.level2, design.shape.leaf)
        rows.append((shot.image, shot.image_id, shot.product.id, *category, design.title, shot.split))
        progress(done)
    parts = [(product.id, product.role, product.twin or "", product.design.title) for product in plan(seed)]
    write_atomic(folder / "products.csv", _csv(("product_id", "role", "twin", "title"), parts))
    catalogue = folder / "catalogue.csv"
    write_atomic(catalogue, _csv(COLUMNS, rows))
    return catalogue


def _csv(header: tuple[str, ...], rows: Sequence[Sequence[str]]) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
