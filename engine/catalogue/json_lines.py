"""JSON lines: one object on a line, in UTF-8."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from engine.catalogue.bad_row import BadRow, Reason
from engine.catalogue.columns import Columns, text_of
from engine.catalogue.row import Row
from engine.errors import CatalogueError

_LONGEST_LINE = 1_000_000


class _LineError(Exception):
    """One line is no row."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_json_lines(path: Path, columns: Columns, file: str) -> Iterator[Row | BadRow]:
    """Every row in order. Raises CatalogueError at the end if a chosen column was in no line."""
    missing = dict(columns.chosen)
    number = 0
    with path.open("rb") as data:
        for number, line in enumerate(_lines(data), start=1):
            try:
                record = _record(line)
            except _LineError as error:
                yield BadRow(file, number, "", error.reason, str(error))
                continue
            missing = {field: column for field, column in missing.items() if column not in record}
            yield columns.row(record, file, number)
    if number == 0:
        raise CatalogueError(f"{path} is empty; put one JSON object on each line")
    for field, column in missing.items():  # only now: any one line may lack a key
        raise CatalogueError(f"no line of {file} has the key {column!r} (--column {field}={column})")


def _record(line: bytes) -> dict[str, str | None]:
    if len(line) >= _LONGEST_LINE:
        raise _LineError(Reason.MALFORMED, f"a line of over {_LONGEST_LINE:,} bytes; put one object on a line")
    try:
        value: Any = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise _LineError(Reason.NOT_UTF8, f"byte {error.start + 1} is not UTF-8; save the file as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise _LineError(Reason.MALFORMED, f"not JSON ({error}); put one object on a line") from error
    if not isinstance(value, dict):
        raise _LineError(Reason.MALFORMED, f"a JSON {type(value).__name__}; put one object on a line")
    nested = next((key for key, own in value.items() if isinstance(own, dict | list)), None)
    if nested is not None:
        raise _LineError(Reason.MALFORMED, f"{nested!r} holds a list or an object; give it one plain value")
    return {key: text_of(own) for key, own in value.items()}


def _lines(data: BinaryIO) -> Iterator[bytes]:
    """The lines that are not blank; of one that is too long only its beginning."""
    bom = b"\xef\xbb\xbf"
    while line := data.readline(_LONGEST_LINE):
        rest = line
        while len(rest) == _LONGEST_LINE and not rest.endswith(b"\n"):
            rest = data.readline(_LONGEST_LINE)
        line, bom = line.removeprefix(bom), b""  # the mark stands at the start of the file alone
        if line.strip():
            yield line
