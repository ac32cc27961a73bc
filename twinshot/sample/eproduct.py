"""A drawn data set in the layout of eBay's eProduct (engine/catalogue/eproduct.py), made to any size.

metadata/train.csv val.csv index.csv query_part1.csv, Images/<split>/<UUID>.JPEG
truth.csv    which photos of the index answer each query, in the form of a submission; eBay's is not public
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from engine.files import write_atomic
from twinshot.sample.camera import photograph
from twinshot.sample.cutout import draw
from twinshot.sample.listings import Listing, Size, listings
from twinshot.sample.write import SEED

LABELLED = ("UUID", "IMAGE_PATH", "AUCT_TITL", "META_CATEG_ID", "CATEG_LVL2_ID", "LEAF_CATEG_ID")
UNLABELLED = LABELLED[:2]
COLUMNS = {"train": LABELLED, "val": LABELLED, "index": UNLABELLED, "query_part1": UNLABELLED}
TRUTH = "truth.csv"


def write_eproduct(folder: Path, size: Size, seed: int = SEED, photos: bool = True) -> Path:
    """Write the data set to `folder` and return it; without `photos` only its tables, as long as one likes.

    Memory is bounded for train and val; of index and queries the ids are held until truth.csv is written.
    """
    cutout = lru_cache(maxsize=500)(draw)
    right: dict[int, list[str]] = defaultdict(list)
    asked: list[tuple[str, int]] = []
    with ExitStack() as files:
        tables = {split: _table(folder, split, files) for split in COLUMNS}
        for own in listings(size, seed):
            if photos:
                _photograph(folder, own, seed, cutout(own.design))
            tables[own.split](_fields(own, size))
            if own.group is not None and own.split == "index":
                right[own.group].append(own.uuid)
            elif own.group is not None:
                asked.append((own.uuid, own.group))
    lines = (f'{query},"{" ".join(right[group])}"\n' for query, group in asked)
    write_atomic(folder / TRUTH, "".join(lines).encode())
    return folder


def _table(folder: Path, split: str, files: ExitStack) -> Callable[[Sequence[str | int]], object]:
    """Writes one row of metadata/<split>.csv."""
    path = folder / "metadata" / f"{split}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = csv.writer(files.enter_context(path.open("w", encoding="utf-8", newline="")), lineterminator="\n")
    writer.writerow(COLUMNS[split])
    return writer.writerow


def _fields(own: Listing, size: Size) -> Sequence[str | int]:
    image = f"{own.split}/{own.uuid}.JPEG"
    if COLUMNS[own.split] is UNLABELLED:
        return own.uuid, image
    return own.uuid, image, own.title, *size.path(own.leaf)


def _photograph(folder: Path, own: Listing, seed: int, cutout: Image.Image) -> None:
    path = folder / "Images" / own.split / f"{own.uuid}.JPEG"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(photograph(cutout, np.random.default_rng([seed, own.take])))
