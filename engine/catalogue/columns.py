"""From the columns of a table to a `Row`: the mapping, and what a row must have."""

import hashlib
import posixpath
import sys
from collections.abc import Iterable, Mapping

from engine.catalogue.bad_row import BadRow, Reason
from engine.catalogue.row import Row
from engine.errors import CatalogueError
from engine.taxonomy import Path3

FIELDS = ("image", "image_id", "product_id", "meta", "level2", "leaf", "title", "split", "url")
"""What a row can hold, in the order of our own files."""

Record = Mapping[str, str | None]
"""One row as its file has it: column name to value; a column that the row lacks is not in it."""

_BAD_BYTES = dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")


class Columns:
    """Which column of a table holds which field; by default the one of the same name."""

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        """`mapping` is field to column. Raises CatalogueError for a field that does not exist."""
        self.chosen = dict(mapping or {})
        for field in self.chosen:
            if field not in FIELDS:
                raise CatalogueError(f"--column {field}={self.chosen[field]}: the fields are {', '.join(FIELDS)}")
        self.of = {field: self.chosen.get(field, field) for field in FIELDS}
        self._paths: dict[Path3, Path3] = {}

    def require(self, present: Iterable[str], file: str) -> None:
        """Raise CatalogueError unless the table has a column for `image` and every column that was chosen."""
        found = list(present)
        for field in {"image": self.of["image"], **self.chosen}:
            if self.of[field] not in found:
                raise CatalogueError(
                    f"{file} has no column {self.of[field]!r} for {field}; it has {', '.join(found) or 'none'} "
                    f"(use --column {field}=NAME to name it)"
                )

    def row(self, record: Record, file: str, number: int) -> Row | BadRow:
        """The row that `record` holds. Values lose surrounding blanks; empty ones are absent; splits are lower case.

        Without a column `image_id` the id is made from the image (`image_id_of`).
        """
        value = {field: _clean(record.get(column)) for field, column in self.of.items()}
        image = value["image"]
        if image is None:
            message = f"column {self.of['image']!r} is empty; name the photo or remove the row"
            if self.of["image"] not in record:  # only JSON lines can lack it in a single row
                message = f"there is no {self.of['image']!r} (use --column image=NAME to name it)"
            return BadRow(file, number, "", Reason.EMPTY_IMAGE, message)
        bad = next((field for field, own in value.items() if own is not None and not is_utf8(own)), None)
        if bad is not None:
            message = f"column {self.of[bad]!r} is not UTF-8: {shown(str(value[bad]))!r}; save the file as UTF-8"
            return BadRow(file, number, shown(image), Reason.NOT_UTF8, message)
        image_id = value["image_id"]
        if image_id is None and self.of["image_id"] in record:
            message = f"column {self.of['image_id']!r} is empty; fill it in every row or leave the column out"
            return BadRow(file, number, image, Reason.EMPTY_IMAGE_ID, message)
        path = (value["meta"], value["level2"], value["leaf"])
        split = value["split"]
        return Row(
            image=image,
            image_id=image_id or image_id_of(image),
            product_id=value["product_id"],
            category=self._paths.setdefault(path, path),  # one tuple a category, not one a row
            title=value["title"],
            split=sys.intern(split.lower()) if split else None,
            url=value["url"],
            file=file,
            number=number,
        )


def column_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """`image=photo_path` and the like, as a command line has them. Raises CatalogueError for one without `=`."""
    mapping = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not (field and equals and column):
            raise CatalogueError(f"--column {pair}: give FIELD=COLUMN, such as image=photo_path")
        mapping[field.strip()] = column.strip()
    return mapping


def image_id_of(image: str) -> str:
    """The id of a photo that has none: its path without extension, folders joined by `~`; of a URL its digest.

    `~` is seldom in file names and needs no escaping in a URL (RFC 3986, section 2.3).
    """
    if is_url(image):
        return url_digest(image)
    stem, _ = posixpath.splitext(posixpath.normpath(image))
    return stem.strip("/").replace("/", "~") or image


def is_url(image: str) -> bool:
    """Whether a row names a picture on the web instead of a file."""
    return image.lower().startswith(("http://", "https://"))


def url_digest(url: str) -> str:
    """The first 32 hexadecimal digits of the SHA-256 of a picture's URL."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def text_of(value: object) -> str | None:
    """A plain value of a typed table as text: whole floats lose `.0` (ids in a column that also has gaps)."""
    if value is None or value != value:  # noqa: PLR0124 - NaN, pandas' mark for a gap, differs from itself
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def shown(text: str) -> str:
    """`text` with a mark in place of what is not UTF-8."""
    return text.translate(_BAD_BYTES)


def _clean(value: str | None) -> str | None:
    return (value.strip() or None) if value else None


def is_utf8(text: str) -> bool:
    """Whether `text` can be written as UTF-8: no byte was read that is none."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
