"""The file that the eProduct challenge takes: no header, one line a query, `query,"photo photo …"`, the best first.

Ground truth is kept in the same form: a query's photos are then those that are right, in any order.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from engine.errors import InputError
from engine.files import write_atomic

ANSWERS = 10
"""Photos a query, as MAR@10 looks at them."""

_UNFIT = re.compile(r'[\s",]')


def write_submission(path: Path, answers: Mapping[str, Sequence[str]]) -> None:
    """Replace `path` by a line for each query, in order. Raises InputError for an id that the form cannot hold."""
    require_plain(answers, "query")
    require_plain((photo for photos in answers.values() for photo in photos), "photo")
    lines = (f'{query},"{" ".join(photos)}"\n' for query, photos in answers.items())
    write_atomic(path, "".join(lines).encode())


def read_submission(path: Path) -> dict[str, list[str]]:
    """The photos of each query. Raises InputError that names the line: unreadable, not two fields, a query twice."""
    found: dict[str, list[str]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, fields in enumerate(csv.reader(file, strict=True), start=1):
                if len(fields) != 2 or not fields[0]:
                    raise InputError(
                        f'line {number} of {path} is not `query,"photo photo …"`: {",".join(fields)[:80]!r}'
                    )
                if fields[0] in found:
                    raise InputError(f"line {number} of {path}: query {fields[0]!r} has an earlier line; keep one")
                found[fields[0]] = fields[1].split()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f'{path} cannot be read as `query,"photo photo …"` lines ({error})') from error
    return found


def require_plain(ids: Iterable[str], kind: str) -> None:
    """Raise InputError for an id with a blank, a comma or a quote: ids stand in the file as they are."""
    unfit = next((own for own in ids if _UNFIT.search(own)), None)
    if unfit is not None:
        raise InputError(
            f"the {kind} id {unfit!r} has a blank, a comma or a quote, which a submission cannot hold; "
            "give photos ids such as UUIDs (column image_id)"
        )
