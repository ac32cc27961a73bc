"""What a model made of each photo, by the photo's SHA-256: a rebuild encodes only photos that are new.

A cache folder belongs to one model with its preprocessing and holds immutable segments, Arrow files of at most
SEGMENT_PHOTOS photos. A segment is written beside and renamed, so one that is there is whole, and a killed run loses
at most the segment it was filling.
"""

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from secrets import token_hex
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.bundle.store import WORK_FOLDER
from engine.codes import Floats
from engine.errors import BundleError
from engine.files import write_atomic
from engine.index.protocol import Rows
from engine.model import ModelCard

SEGMENT_PHOTOS = 1024
CACHE_FOLDER = "cache"
OPEN_SEGMENTS = 256
"""Segments mapped at once: each holds a file handle, of which a process has about a thousand."""

Digests = npt.NDArray[np.uint8]
"""SHA-256 of photos, uint8 [n, 32]."""
Part = Literal["embedding", "features", "probabilities"]
_TYPES: dict[Part, type[np.floating[Any]]] = {
    "embedding": np.float32,
    "features": np.float16,
    "probabilities": np.float32,
}


def cache_folder(bundles: Path, card: ModelCard) -> Path:
    """Where the photos that `card`'s model encoded are kept: its own folder for each model and preprocessing."""
    key = hashlib.sha256(f"{card.onnx_sha256} {card.preprocessing_sha256}".encode()).hexdigest()[:32]
    return bundles / WORK_FOLDER / CACHE_FOLDER / key


class PhotoCache:
    """One model's cache folder. `known` may be called from several threads; one thread adds."""

    def __init__(self, folder: Path, bits: int, features: int = 0, thumbs: bool = False, classes: int = 0) -> None:
        """Open `folder`, made if missing. With `features` (their number), `thumbs` and `classes` (how many have a
        probability; only queries are kept with it), photos need those parts too: one that is stored without them
        counts as unknown. Raises BundleError for a damaged segment.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._widths: dict[Part, int] = {"embedding": bits, **({"features": features} if features else {})}
        self._widths |= {"probabilities": classes} if classes else {}
        fields = [("sha256", pa.binary(32)), ("embedding", pa.binary(4 * bits))]
        fields += [("features", pa.binary(2 * features))] if features else []
        fields += [("thumb", pa.large_binary())] if thumbs else []
        fields += [("probabilities", pa.binary(4 * classes))] if classes else []
        self._schema = pa.schema(fields)
        self._pending: list[tuple[Any, ...]] = []
        self._segments: list[Path] = []
        self._keys: list[npt.NDArray[np.bytes_]] = []
        for path in sorted(folder.glob("*.arrow")):
            table = _map(path)
            if set(self._schema.names) <= set(table.schema.names):
                self._segments.append(path)
                self._keys.append(_keys(table))
        self._sort()

    def __len__(self) -> int:
        """Photos stored when the cache was opened or last flushed."""
        return len(self._sorted)

    @property
    def features(self) -> bool:
        """Whether photos are kept with their pooled features."""
        return "features" in self._widths

    @property
    def thumbs(self) -> bool:
        """Whether photos are kept with a thumbnail."""
        return "thumb" in self._schema.names

    @property
    def probabilities(self) -> bool:
        """Whether photos are kept with the probabilities of the model's classes."""
        return "probabilities" in self._widths

    def known(self, digest: bytes) -> bool:
        """Whether the photo is stored with every part wanted."""
        key = np.frombuffer(digest, dtype="S32")
        place = int(np.searchsorted(self._sorted, key)[0])
        return place < len(self._sorted) and bool(self._sorted[place] == key[0])

    def add(
        self,
        digest: bytes,
        embedding: Floats,
        features: Floats | None,
        thumb: bytes | None,
        probabilities: Floats | None = None,
    ) -> None:
        """Store one photo. It is on disk once a segment is full or `flush` was called."""
        parts: list[Any] = [digest, embedding.astype(np.float32).tobytes()]
        if self.features and features is not None:
            parts.append(features.astype(np.float16).tobytes())
        if self.thumbs:
            parts.append(thumb)
        if self.probabilities and probabilities is not None:
            parts.append(probabilities.astype(np.float32).tobytes())
        self._pending.append(tuple(parts))
        if len(self._pending) == SEGMENT_PHOTOS:
            self._write()

    def flush(self) -> None:
        """Write what was added and make it findable."""
        if self._pending:
            self._write()
        self._sort()

    def gather(self, digests: Digests, part: Part) -> Iterator[tuple[Rows, npt.NDArray[Any]]]:
        """`part` of the photos `digests`, segment by segment: their positions int64 [m], values [m, width].

        features are float16, the others float32. One segment is in memory at a time. Every photo must be stored.
        """
        segment, row = self._locate(digests)
        order = np.argsort(segment, kind="stable")
        bounds = np.searchsorted(segment[order], np.arange(len(self._segments) + 1))
        for number, (start, stop) in enumerate(pairwise(bounds)):
            if start < stop:
                positions = order[start:stop]
                values = _values(_map(self._segments[number]), part, self._widths[part])
                yield positions, values[row[positions]]

    def array(self, digests: Digests, part: Part) -> npt.NDArray[Any]:
        """`part` of all `digests` in one array [n, width]."""
        result = np.empty((len(digests), self._widths[part]), dtype=_TYPES[part])
        for positions, values in self.gather(digests, part):
            result[positions] = values
        return result

    def thumbnails(self, digests: Digests) -> Iterator[bytes]:
        """The thumbnails of `digests`, in their order."""
        opened = lru_cache(maxsize=OPEN_SEGMENTS)(lambda number: _map(self._segments[number])["thumb"])
        for segment, row in zip(*self._locate(digests), strict=True):
            yield opened(int(segment))[int(row)].as_py()

    def touch(self, digests: Digests) -> None:
        """Mark the segments of `digests` as used now; see `prune`."""
        for number in np.unique(self._locate(digests)[0]):
            os.utime(self._segments[number])

    def _locate(self, digests: Digests) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        keys = as_keys(digests)
        places = np.minimum(np.searchsorted(self._sorted, keys), max(len(self._sorted) - 1, 0))
        if len(keys) and (not len(self._sorted) or (self._sorted[places] != keys).any()):
            raise LookupError("a photo is not in the cache")
        return self._segment[places], self._row[places]

    def _write(self) -> None:
        columns = [list(column) for column in zip(*self._pending, strict=True)]
        table = pa.table(dict(zip(self._schema.names, columns, strict=True)), schema=self._schema)
        out = BytesIO()
        with pa.ipc.new_file(out, self._schema) as writer:
            writer.write_table(table)
        path = self._folder / f"{token_hex(8)}.arrow"
        write_atomic(path, out.getvalue())
        self._segments.append(path)
        self._keys.append(np.array([entry[0] for entry in self._pending], dtype="S32"))
        self._pending = []

    def _sort(self) -> None:
        keys = np.concatenate([np.empty(0, dtype="S32"), *self._keys])
        sizes = [len(own) for own in self._keys]
        order = np.argsort(keys, kind="stable")
        self._sorted = keys[order]
        self._segment = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)[order]
        rows = [np.arange(size, dtype=np.int32) for size in sizes]
        self._row = np.concatenate([np.empty(0, dtype=np.int32), *rows])[order]


def as_keys(digests: Digests) -> npt.NDArray[np.bytes_]:
    """uint8 [n, 32] as n byte strings, which sort and compare as wholes."""
    return np.ascontiguousarray(digests).view("S32").reshape(-1)


def prune(bundles: Path, unused_since: float) -> int:
    """Delete the segments of any model that no run used since `unused_since` (POSIX seconds). Returns how many.

    Called with the time when the oldest kept generation was begun: what any kept generation needed was used later.
    """
    deleted = 0
    root = bundles / WORK_FOLDER / CACHE_FOLDER
    for path in root.glob("*/*"):
        if path.stat().st_mtime < unused_since:
            path.unlink()
            deleted += 1
    for folder in root.glob("*"):
        if not any(folder.iterdir()):
            folder.rmdir()
    return deleted


def _map(path: Path) -> pa.Table:
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (pa.ArrowException, OSError) as error:
        raise BundleError(f"{path} is damaged ({error}); delete it: its photos are then encoded again") from error


def _keys(table: pa.Table) -> npt.NDArray[np.bytes_]:
    return np.frombuffer(_buffer(table, "sha256"), dtype="S32").copy()


def _values(table: pa.Table, part: Part, width: int) -> npt.NDArray[Any]:
    return np.frombuffer(_buffer(table, part), dtype=_TYPES[part]).reshape(-1, width)


def _buffer(table: pa.Table, column: str) -> Any:
    """The raw bytes of a fixed-width column; a segment is one record batch."""
    return table[column].chunk(0).buffers()[1]
