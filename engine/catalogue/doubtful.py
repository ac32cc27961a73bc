"""Splits that may be mistyped: their photos are indexed, and their name says that they were to be held out."""

from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches

from engine.catalogue.row import SPLITS_NOT_INDEXED, Row
from engine.wording import counted

_ON_THE_SHELF = {"train", "index"}
_BEGINNINGS = ("val", "dev", "eval", "hold", "held", "test", "quer")
_CLOSE = 0.75
"""Of difflib: `tst`, `tset` and `val1` are as close as that to a name of ours, `training` and `gallery` are not."""


def doubtful_splits(rows: Iterable[Row]) -> str | None:
    """What to say of rows that are indexed though their split looks like one that is not; None where there are none.

    Rows that the format or the caller puts on the shelf are there on purpose.
    """
    counts = Counter(row.split for row in rows if row.split is not None and row.indexed and row.shelved is None)
    found = [
        f"{split!r} ({counted(count, 'row')})"
        for split, count in counts.items()
        if split not in _ON_THE_SHELF
        and (split.startswith(_BEGINNINGS) or get_close_matches(split, SPLITS_NOT_INDEXED, 1, _CLOSE))
    ]
    if not found:
        return None
    return (
        f"split {', '.join(found)} is indexed like any other name; photos that are held out have the split val, test "
        "or query"
    )
