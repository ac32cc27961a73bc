"""Brute force in NumPy: the oracle that the FAISS index is tested against."""

import numpy as np

from engine.codes import Codes, hamming
from engine.index.protocol import Hits, Rows, Scope, sorted_hits


class BruteIndex:
    """All codes in one array, uint8 [rows, bits / 8]."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    @property
    def bits(self) -> int:
        """Bits per code."""
        return int(self._codes.shape[1]) * 8

    @property
    def rows(self) -> int:
        """Number of codes."""
        return len(self._codes)

    def nearest(self, code: Codes, count: int, scope: Scope) -> Hits:
        """See HammingIndex; of several rows at the last distance the lowest."""
        rows = _rows(scope)
        return sorted_hits(rows, hamming(code, self._codes[rows]), count)

    def within(self, code: Codes, radius: int, scope: Scope) -> Hits:
        """See HammingIndex."""
        rows = _rows(scope)
        distances = hamming(code, self._codes[rows])
        near = distances <= radius
        return sorted_hits(rows[near], distances[near])

    def codes(self, rows: Rows) -> Codes:
        """See HammingIndex."""
        return self._codes[rows]


def _rows(scope: Scope) -> Rows:
    return np.concatenate([np.empty(0, dtype=np.int64), *(np.arange(start, stop) for start, stop in scope)])
