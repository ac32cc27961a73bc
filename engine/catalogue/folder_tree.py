"""A folder tree as a catalogue: `meta/level2/leaf/product/photo.jpg`, or fewer levels."""

import os
from collections.abc import Iterator
from pathlib import Path

from engine.catalogue.bad_row import BadRow, Reason
from engine.catalogue.columns import Columns, is_utf8, shown
from engine.catalogue.row import Row

_PICTURES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"}
)
_DEEPEST = 4


def read_tree(root: Path, file: str) -> Iterator[Row | BadRow]:
    """Every file below `root` in the order of its path, as one row each.

    The folder that holds the photo is the product; those above it are, from the top, meta, level 2 and leaf. Names
    that begin with a dot are passed over. A file that is no picture by its name, or lies deeper, is a bad row.
    """
    columns = Columns()
    for number, image in enumerate(_files(root, ""), start=1):
        *folders, name = image.split("/")
        if not is_utf8(image):
            message = f"the name {shown(image)!r} is not UTF-8; rename the file or its folder"
            yield BadRow(file, number, shown(image), Reason.NOT_UTF8, message)
        elif Path(name).suffix.lower() not in _PICTURES:
            message = f"{image!r} is not a picture by its name; move it out of the tree, or put a dot before its name"
            yield BadRow(file, number, image, Reason.UNSUPPORTED_TYPE, message)
        elif len(folders) > _DEEPEST:
            message = f"{image!r} lies {len(folders)} folders deep; at most meta/level2/leaf/product are read"
            yield BadRow(file, number, image, Reason.MALFORMED, message)
        else:
            record = dict(zip(("meta", "level2", "leaf"), folders[:-1], strict=False))
            if folders:
                record["product_id"] = folders[-1]
            yield columns.row({"image": image} | record, file, number)


def _files(folder: Path, prefix: str) -> Iterator[str]:
    """Paths relative to the root, sorted; one folder's names are held at a time on each level."""
    with os.scandir(folder) as entries:
        found = sorted((e.name, e.is_dir()) for e in entries if not e.name.startswith("."))
    for name, is_folder in found:
        if is_folder:
            yield from _files(folder / name, f"{prefix}{name}/")
        else:
            yield prefix + name
