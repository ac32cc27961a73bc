"""CSV as RFC 4180 has it, in UTF-8 with or without a byte order mark, or with a spreadsheet's separators."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalogue.bad_row import BadRow, Reason
from engine.catalogue.columns import Columns
from engine.catalogue.row import Row
from engine.errors import CatalogueError

if TYPE_CHECKING:
    from _csv import Reader

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def read_csv(path: Path, columns: Columns, file: str) -> Iterator[Row | BadRow]:
    """Every row in order. Raises CatalogueError for a header that is missing, damaged or lacks a column."""
    # surrogateescape lets a bad byte through to the row that has it, so that the row can be named
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        mark = _separator(text.readline())
        text.seek(0)
        lines = csv.reader(text, strict=True, delimiter=mark)
        header = _header(path, lines)
        columns.require(header, file)
        for number, fields in enumerate(_rows(lines), start=1):
            if isinstance(fields, str):
                yield BadRow(file, number, "", Reason.MALFORMED, fields)
            elif len(fields) != len(header):
                counts = f"{len(fields)} fields where the header has {len(header)}"
                message = f"{counts}; look for a {SEPARATORS[mark]} outside of quotes"
                yield BadRow(file, number, "", Reason.MALFORMED, message)
            else:
                yield columns.row(dict(zip(header, fields, strict=True)), file, number)


def _separator(header: str) -> str:
    """A comma wherever the header has one: another mark may well be part of a column's name."""
    return "," if "," in header else next((mark for mark in SEPARATORS if mark in header), ",")


def _header(path: Path, lines: "Reader") -> list[str]:
    try:
        header = [name.strip() for name in next(lines, [])]
    except csv.Error as error:
        raise CatalogueError(f"the header of {path} is not CSV ({error})") from error
    if not header:
        raise CatalogueError(f"{path} has no header; its first line names the columns")
    if any(0xD800 <= ord(letter) < 0xE000 for name in header for letter in name):
        raise CatalogueError(f"the header of {path} is not UTF-8; save the file as UTF-8")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise CatalogueError(f"{path} has two columns named {twice!r}; rename or remove one")
    return header


def _rows(lines: "Reader") -> Iterator[list[str] | str]:
    """The fields of each row, or what is wrong with it. Empty lines are no rows."""
    while True:
        first = lines.line_num + 1
        try:
            fields = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"line {first}" if lines.line_num <= first else f"lines {first} to {lines.line_num}"
            yield f"{where}: {error}; close every quote, and double quotes inside of quotes"
            continue
        if fields:
            yield fields
