"""What an index of binary codes can do."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.codes import Codes

Rows = npt.NDArray[np.int64]
Distances = npt.NDArray[np.int32]
Scope = tuple[tuple[int, int], ...]
"""Row ranges [start, stop), ascending and disjoint: the part of the index that is searched."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Rows with their Hamming distances, by distance, then row. rows: int64 [n]; distances: int32 [n]."""

    rows: Rows
    distances: Distances

    def __len__(self) -> int:
        return len(self.rows)


class HammingIndex(Protocol):
    """An index over `rows` codes of `bits` bits. Smaller distance = nearer. Safe to call from several threads."""

    @property
    def bits(self) -> int:
        """Bits per code."""
        ...

    @property
    def rows(self) -> int:
        """Number of codes."""
        ...

    def nearest(self, code: Codes, count: int, scope: Scope) -> Hits:
        """The `count` nearest rows of `scope`, fewer if it has fewer. Which of several at the last distance: any.

        code: uint8 [bits / 8].
        """
        ...

    def within(self, code: Codes, radius: int, scope: Scope) -> Hits:
        """Every row of `scope` whose distance is at most `radius`."""
        ...

    def codes(self, rows: Rows) -> Codes:
        """The codes of `rows`: uint8 [n, bits / 8]."""
        ...


def sorted_hits(rows: Rows, distances: Distances, count: int | None = None) -> Hits:
    """Hits by distance, then row; the first `count` of them."""
    order = np.lexsort((rows, distances))[:count]
    return Hits(rows[order], distances[order])


def everything(rows: int) -> Scope:
    """The scope of a whole index."""
    return ((0, rows),) if rows else ()


def size(scope: Scope) -> int:
    """How many rows `scope` has."""
    return sum(stop - start for start, stop in scope)
