"""The photos that the demo asks with, and what the right answer to each is."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.catalogue.bad_row import BadRow
from engine.catalogue.catalogue import Catalogue
from engine.catalogue.row import Row
from engine.errors import InputError

MOST = 1000
"""Questions of one demo; of more, every n-th is asked."""
HELD_OUT = 300
"""Photos that are held out of a catalogue without photos to ask with."""
FEWEST = 2
"""Photos to train on: a bit is cut where half of the photos lie on either side, which takes two."""
COLUMNS = ("image", "image_id", "product_id", "meta", "level2", "leaf", "title", "url", "split")

Group = Literal["seen", "unseen", "stranger"]


@dataclass(frozen=True, slots=True)
class Question:
    """One photo: `group` says whether its product was trained on, only indexed, or neither."""

    row: Row
    group: Group
    near_twin: bool


def good_rows(catalogue: Catalogue) -> list[Row]:
    """The rows that can be read; `twinshot check` lists the others, and every program names them too."""
    return [entry for entry in catalogue.entries() if not isinstance(entry, BadRow)]


def questions(rows: list[Row], twins: frozenset[str]) -> list[Question]:
    """The rows of split `test`, else `query`, else `val`, at most MOST of them."""
    asked: list[Row] = []
    for split in ("test", "query", "val"):
        asked = asked or [row for row in rows if row.split == split]
    trained = {row.product for row in rows if row.split in (None, "train")}
    indexed = {row.product for row in rows if row.indexed}

    def group(row: Row) -> Group:
        return "stranger" if row.product not in indexed else "seen" if row.product in trained else "unseen"

    step = -(-len(asked) // MOST) or 1
    return [Question(row, group(row), row.product in twins) for row in asked[::step]]


def hold_out(rows: list[Row], catalogue: Path) -> Callable[[Path], None]:
    """Writes a copy of the catalogue's table in which one photo of up to HELD_OUT products has split `query`.

    Raises InputError if no product has a second photo, so that nothing could be found, or if too few would be left.
    """
    photos: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.indexed:
            photos[row.product].append(row)
    several = [own for own in photos.values() if len(own) > 1]
    if not several:
        raise InputError(
            f"{catalogue} has no rows of split test, query or val, and no product with two photos: there is nothing to "
            "ask; use `twinshot build` and `twinshot serve`"
        )
    step = -(-len(several) // HELD_OUT)
    held = {own[-1].image_id for own in several[::step]}
    left = sum(map(len, photos.values())) - len(held)
    if left < FEWEST:
        raise InputError(
            f"{catalogue} has too few photos for a demo: with {len(held)} held out to ask with, {left} would be left "
            f"to train on, and at least {FEWEST} are needed; add photos"
        )

    def write(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        write_table(folder / "catalogue.csv", rows, held)

    return write


def write_table(path: Path, rows: Iterable[Row], held: set[str]) -> None:
    """Write rows as CSV, those with an image id in `held` with split `query`."""
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            split = "query" if row.image_id in held else row.split
            fields = (row.image, row.image_id, row.product_id, *row.category, row.title, row.url, split)
            writer.writerow("" if value is None else value for value in fields)
    partial.replace(path)


def near_twins(products: Path) -> frozenset[str]:
    """The ids of the sample's products that have a twin, from its products.csv."""
    with products.open(newline="") as file:
        return frozenset(row["product_id"] for row in csv.DictReader(file) if row["twin"])
