"""A catalogue is put into a running service, and a person or a program told how it went."""

import json as jsonlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.check import check, require_good
from engine.catalogue.columns import column_mapping
from engine.preprocess import Preprocessing
from engine.terminal.progress import counting
from engine.wording import counted
from twinshot.client import Client
from twinshot.products.upload import Uploaded, upload

_SHOWN = 20
"""Rows that are printed."""


def put_catalogue(
    client: Client, path: Path, column: Sequence[str], images: Path | None, add_photos: bool, json: bool
) -> bool:
    """Put the products of a catalogue, or add their photos, and print how it went; whether nothing was refused.

    Raises CatalogueError (`path`, `column`, `images`), and as `upload`.
    """
    catalogue = open_catalogue(path, columns=column_mapping(column), images=images)
    with counting("rows read") as progress:  # photos are opened by the service alone
        checked = check(catalogue, Preprocessing(), photos=False, threads=1, progress=progress)
    require_good(checked, strict=False)
    with counting("products sent") as progress:
        told = upload(client, catalogue, checked, add_photos, progress)
    if json:
        print(jsonlib.dumps(_as_json(path, told), ensure_ascii=False))
    else:
        done = f"{counted(told.products, 'product')} with {counted(told.photos, 'photo')}"
        print(f"{path}: {done} put, {len(told.refused):,} refused; revision {told.revision}")
    lines = [str(own) for own in (*told.refused, *told.bad)]
    for line in lines[:_SHOWN]:
        print(f"twinshot: {line}", file=sys.stderr)
    if len(lines) > _SHOWN:
        print(f"twinshot: … and {len(lines) - _SHOWN:,} more (--json lists all)", file=sys.stderr)
    return not lines


def _as_json(path: Path, told: Uploaded) -> dict[str, Any]:
    refused = [
        {"product_id": own.row.product, "file": own.row.file, "row": own.row.number, "message": own.message}
        for own in told.refused
    ]
    return {
        "catalogue": str(path),
        "products": told.products,
        "photos": told.photos,
        "revision": told.revision,
        "refused": refused,
        "bad_rows": [own.as_json() for own in told.bad],
    }
