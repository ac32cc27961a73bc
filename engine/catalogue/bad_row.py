"""What can be wrong with a row, and the list of such rows as a file."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Any

from engine.catalogue.row import Row
from engine.files import write_atomic

COLUMNS = ("file", "row", "image", "reason", "message")
"""What a program reads of a bad row, in a file or as JSON."""


class Reason(StrEnum):
    """Why a row cannot be used; docs/catalogues.md tells the remedy for each."""

    MALFORMED = "malformed"
    """Not a row of the file's own format: an open quote, a wrong number of fields, no JSON object."""
    NOT_UTF8 = "not_utf8"
    EMPTY_IMAGE = "empty_image"
    EMPTY_IMAGE_ID = "empty_image_id"
    OUTSIDE_FOLDER = "outside_folder"
    """The path leads out of the photo folder."""
    MISSING_FILE = "missing_file"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    UNSUPPORTED_TYPE = "unsupported_type"
    DUPLICATE_IMAGE_ID = "duplicate_image_id"
    TWO_CATEGORIES = "two_categories"
    """The product stands in another category in an earlier row."""
    NOT_FETCHED = "not_fetched"
    """`twinshot fetch` could not get the picture behind a URL."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that cannot be used. `file` and `number` say where it stands (1 = the first row of data)."""

    file: str
    number: int
    image: str
    """As the row has it; empty where the row could not be read that far."""
    reason: Reason
    message: str
    """The fault and its remedy in one line, without the place."""

    def __str__(self) -> str:
        return f"row {self.number} of {self.file}: {self.message}"

    def as_json(self) -> dict[str, Any]:
        """As the columns of `write_bad_rows` have it."""
        values = (self.file, self.number, self.image, self.reason.value, self.message)
        return dict(zip(COLUMNS, values, strict=True))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row, before it is said of which: copies of one photo share it."""

    reason: Reason
    message: str

    def of(self, row: Row) -> BadRow:
        """`row` as one that cannot be used."""
        return BadRow(row.file, row.number, row.image, self.reason, self.message)


def write_bad_rows(path: Path, bad: Iterable[BadRow]) -> None:
    """Write COLUMNS as CSV, replacing `path` in one step."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.as_json() for row in bad)
    write_atomic(path, text.getvalue().encode("utf-8", "backslashreplace"))
