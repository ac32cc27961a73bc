"""Exact search over FAISS binary shards, read in place from the mapped files. With gpu.py all that knows FAISS.

A scan over codes is bound by memory bandwidth, so rows that are not in scope are not read at all: each range of a
scope is searched as a slice of the mapped codes (`faiss.knn_hamming` and `hamming_range_search`, the kernels of
IndexBinaryFlat itself).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.codes import Codes
from engine.errors import BundleError, UnavailableError
from engine.index.protocol import Distances, Hits, Rows, Scope, sorted_hits


class FlatIndex:
    """Shards in row order, each an IndexBinaryFlat file, searched one after the other in the caller's thread."""

    def __init__(self, paths: Sequence[Path], bits: int) -> None:
        """Map `paths`. Raises BundleError where a file is no binary index of `bits` bits."""
        self._faiss = import_faiss()
        self._bits = bits
        self._shards: list[tuple[int, Any, Codes]] = []
        self._starts: list[int] = []
        start = 0
        for path in paths:
            index = _map(self._faiss, path, bits)
            view = self._faiss.rev_swig_ptr(index.xb.data(), index.ntotal * bits // 8).reshape(-1, bits // 8)
            self._shards.append((start, index, view))
            self._starts.append(start)
            start += index.ntotal
        self._rows = start

    @property
    def bits(self) -> int:
        """Bits per code."""
        return self._bits

    @property
    def rows(self) -> int:
        """Number of codes."""
        return self._rows

    @property
    def shard_rows(self) -> list[int]:
        """Rows of each shard."""
        return [len(view) for _, _, view in self._shards]

    @property
    def shards(self) -> list[tuple[int, Any]]:
        """The first row of each shard, and its mapped faiss.IndexBinaryFlat."""
        return [(start, index) for start, index, _ in self._shards]

    def nearest(self, code: Codes, count: int, scope: Scope) -> Hits:
        """See HammingIndex."""
        rows, distances = [_NO_ROWS], [_NO_DISTANCES]
        for start, _, view in self._shards:
            for first, last in _within_shard(scope, start, len(view)):
                found, ids = self._faiss.knn_hamming(code[None], view[first:last], min(count, last - first))
                rows.append(ids[0].astype(np.int64) + (start + first))
                distances.append(found[0].astype(np.int32))
        return sorted_hits(np.concatenate(rows), np.concatenate(distances), count)

    def within(self, code: Codes, radius: int, scope: Scope) -> Hits:
        """See HammingIndex."""
        rows, distances = [_NO_ROWS], [_NO_DISTANCES]
        for start, _, view in self._shards:
            for first, last in _within_shard(scope, start, len(view)):
                ids, found = _all_within(self._faiss, code, radius, view[first:last])
                rows.append(ids + (start + first))
                distances.append(found)
        return sorted_hits(np.concatenate(rows), np.concatenate(distances))

    def codes(self, rows: Rows) -> Codes:
        """See HammingIndex."""
        result = np.empty((len(rows), self._bits // 8), dtype=np.uint8)
        shard = np.searchsorted(self._starts, rows, side="right") - 1
        for number in np.unique(shard):
            start, _, view = self._shards[number]
            mine = shard == number
            result[mine] = view[rows[mine] - start]
        return result


def write_shard(path: Path, codes: Codes) -> None:
    """Write uint8 [rows, bits / 8] as an IndexBinaryFlat file. Raises OSError where that fails."""
    faiss = import_faiss()
    index = faiss.IndexBinaryFlat(codes.shape[1] * 8)
    index.add(np.ascontiguousarray(codes))
    try:
        faiss.write_index_binary(index, str(path))
    except RuntimeError as error:  # its own for a full disk too; the function of C++ that it names first helps nobody
        raise OSError(str(error).rpartition("failed: ")[2]) from error


def scan(codes: Codes, code: Codes, count: int) -> Hits:
    """The `count` nearest of uint8 [rows, bits / 8] that are in memory, fewer if there are fewer."""
    if not len(codes):
        return Hits(_NO_ROWS, _NO_DISTANCES)
    found, ids = import_faiss().knn_hamming(code[None], codes, min(count, len(codes)))
    return sorted_hits(ids[0].astype(np.int64), found[0].astype(np.int32))


def set_threads(count: int) -> None:
    """OpenMP threads inside a FAISS call of the *calling* thread. One scan saturates the memory bus: 1 is right."""
    import_faiss().omp_set_num_threads(count)


def import_faiss() -> Any:
    """The library. Raises UnavailableError where it is not installed, or where its build for CUDA lacks a library."""
    try:
        import faiss
    except ImportError as error:
        raise UnavailableError(f"FAISS is not installed ({error}); install the extra 'cpu' of twinshot") from error
    except RuntimeError as error:  # the builds for CUDA look for their libraries when they are imported
        raise UnavailableError(f"FAISS cannot be used ({error})") from error
    return faiss


_NO_ROWS = np.empty(0, dtype=np.int64)
_NO_DISTANCES = np.empty(0, dtype=np.int32)


def _within_shard(scope: Scope, start: int, rows: int) -> list[tuple[int, int]]:
    """The ranges of `scope` inside one shard, in the shard's own row numbers."""
    clipped = ((max(first - start, 0), min(last - start, rows)) for first, last in scope)
    return [(first, last) for first, last in clipped if first < last]


def _all_within(faiss: Any, code: Codes, radius: int, codes: Codes) -> tuple[Rows, Distances]:
    """The places and the distances of those of `codes` that are at most `radius` away from `code`."""
    found = faiss.RangeSearchResult(1)
    asked, among = faiss.swig_ptr(code), faiss.swig_ptr(codes)
    faiss.hamming_range_search(asked, among, 1, len(codes), radius + 1, codes.shape[1], found)  # nearer than this
    count = int(faiss.rev_swig_ptr(found.lims, 2)[1])
    ids, distances = faiss.rev_swig_ptr(found.labels, count), faiss.rev_swig_ptr(found.distances, count)
    return ids.astype(np.int64), distances.astype(np.int32)  # copies: what they point to goes with `found`


def _map(faiss: Any, path: Path, bits: int) -> Any:
    remedy = "restore the file, or build the generation again with `twinshot index`"
    if not path.exists():
        raise BundleError(f"{path} is missing; {remedy}")
    try:
        index = faiss.read_index_binary(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise BundleError(f"{path} is not a readable FAISS binary index; {remedy}") from error
    if index.d != bits:
        raise BundleError(f"{path} holds codes of {index.d} bits, the model makes {bits}; {remedy}")
    return index
