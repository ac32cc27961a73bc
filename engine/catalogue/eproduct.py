"""The layout of eBay's eProduct data set (Yuan et al. 2021, arXiv:2107.05856).

    metadata/train.csv val.csv   UUID, IMAGE_PATH, AUCT_TITL, META_CATEG_ID, CATEG_LVL2_ID, LEAF_CATEG_ID
    metadata/index.csv query_part1.csv   UUID, IMAGE_PATH
    Images/<split>/<UUID>.JPEG

It has no product ids: a photo is a product of its own. Queries are answered with photos of `index` alone, so where
that file is there, the training photos are trained on but not indexed.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from engine.catalogue.bad_row import BadRow
from engine.catalogue.columns import Columns
from engine.catalogue.row import Row
from engine.catalogue.tables import read_table

SPLITS = {"train.csv": "train", "val.csv": "val", "index.csv": "index", "query_part1.csv": "query"}

_IDS = {"image": "IMAGE_PATH", "image_id": "UUID"}
_LABELS = {"title": "AUCT_TITL", "meta": "META_CATEG_ID", "level2": "CATEG_LVL2_ID", "leaf": "LEAF_CATEG_ID"}


def is_eproduct(folder: Path) -> bool:
    """Whether `folder` has one of the metadata files. A part of the data set, such as index and query alone, is one."""
    return any((folder / "metadata" / name).is_file() for name in SPLITS)


def read_eproduct(folder: Path, splits: Collection[str] | None = None) -> Iterator[Row | BadRow]:
    """The rows of all metadata files that are there, or of those of `splits`; the others are not opened.

    Raises CatalogueError for one that cannot be read.
    """
    has_index = (folder / "metadata" / "index.csv").is_file()
    for name, split in SPLITS.items():
        path = folder / "metadata" / name
        if not path.is_file() or (splits is not None and split not in splits):
            continue
        shelved = split == "index" if has_index else None
        columns = Columns(_IDS | _LABELS if split in ("train", "val") else _IDS)
        for row in read_table(path, columns, f"metadata/{name}"):
            yield (
                row if isinstance(row, BadRow) else replace(row, image=_image(row.image), split=split, shelved=shelved)
            )


def _image(path: str) -> str:
    """IMAGE_PATH is relative to Images/ (`train/<UUID>.JPEG`); with that folder in front it is taken as it is."""
    return path if path.startswith("Images/") else f"Images/{path}"
