"""The files of the new generation, shard by shard and part by part: memory holds one shard's codes and texts."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from engine.bundle.generation import Generation
from engine.bundle.manifest import ShardRecord
from engine.bundle.rows import LOOKUP_FILE, SCHEMA, write_orders, write_rows
from engine.bundle.thumbs import thumb_of, write_thumbs
from engine.changes.state import State
from engine.codes import Codes
from engine.index.flat import write_shard
from engine.index.protocol import Rows
from engine.live.photo_codes import model_key
from engine.model import CARD_FILE, ONNX_FILE
from engine.preprocess import decode
from index_builder.compaction.fold import Added
from index_builder.compaction.merge import Merged
from index_builder.plan import KEEP_EMBEDDINGS_BELOW, KEEP_THUMBS_BELOW, SHARD_ROWS, split_rows
from index_builder.vectors import Vectors, stored_vectors, take

BLOCK = 16_384
"""Rows whose codes or embeddings are taken together."""


@dataclass(frozen=True)
class Sources:
    """Where the parts of a row come from: the old generation, the rows that come in, and the state."""

    base: Generation
    added: Added
    state: State

    def keeps(self, suffix: str, below: int) -> bool:
        """Whether the new generation has this part: if the old one has it; of an empty one if it stays small."""
        manifest = self.base.manifest
        if not manifest.shards:
            return len(self.added) < below
        return all(f"shards/{shard.name}{suffix}" in manifest.files for shard in manifest.shards)

    def shards(self, rows: int) -> tuple[ShardRecord, ...]:
        """The shards of so many rows, cut as the old ones; a single one says only that they hold no fewer."""
        sizes = [shard.rows for shard in self.base.manifest.shards]
        return split_rows(rows, sizes[0] if len(sizes) > 1 else max([SHARD_ROWS, *sizes]))


def write_files(staged: Path, given: Sources, merged: Merged) -> None:
    """Write everything but the manifest and the reports to `staged`.

    Nothing is decoded but a photo that nobody has a thumbnail of. Raises StateError where its file is gone too.
    """
    (staged / "shards").mkdir(parents=True)
    stops = np.array([own.stop for own in merged.categories])
    start = 0
    for shard in given.shards(len(merged.source)):
        source, stem = merged.source[start : start + shard.rows], staged / "shards" / shard.name
        category = np.searchsorted(stops, np.arange(start, start + shard.rows), side="right")
        write_shard(stem.with_suffix(".faiss"), _codes(given, source))
        columns = {name: _column(given, source, name) for name in SCHEMA.names if name != "category"}
        write_rows(stem.with_suffix(".rows"), {**columns, "category": pa.array(category, pa.int32())})
        if given.keeps(".f16", KEEP_EMBEDDINGS_BELOW):
            _write_embeddings(stem.with_suffix(".f16"), given, source)
        if given.keeps(".thumbs", KEEP_THUMBS_BELOW):
            write_thumbs(stem.with_suffix(".thumbs"), _thumbs(given, source))
        start += shard.rows
    write_orders(staged / LOOKUP_FILE, merged.by_product, merged.by_image)
    for name in (ONNX_FILE, CARD_FILE):
        shutil.copyfile(given.base.folder / name, staged / name)


def _codes(given: Sources, source: Rows) -> Codes:
    codes = np.empty((len(source), given.base.card.bits // 8), dtype=np.uint8)
    for start in range(0, len(source), BLOCK):
        part, block = source[start : start + BLOCK], codes[start : start + BLOCK]
        old = part >= 0
        block[old] = given.base.codes(part[old])
        block[~old] = given.added.codes[~part[~old]]
    return codes


def _column(given: Sources, source: Rows, name: str) -> Any:
    """One column at `source` as one Arrow array: no text becomes an object of Python."""
    old = source >= 0
    added = given.added.table[name].take(pa.array(~source[~old]))
    joined = pa.concat_arrays([*given.base.table.pieces(source[old], name), *added.chunks])
    place = np.empty(len(source), dtype=np.int64)
    place[old] = np.arange(np.count_nonzero(old))
    place[~old] = np.arange(np.count_nonzero(old), len(source))
    return joined if old.all() else joined.take(pa.array(place))


def _write_embeddings(path: Path, given: Sources, source: Rows) -> None:
    """float16 [rows, bits], raw: of added photos from the log, else those of the same photo in the old generation."""
    bits = given.base.card.bits
    stored = stored_vectors(given.base, ".f16", bits)
    with path.open("wb") as file:
        for start in range(0, len(source), BLOCK):
            part = source[start : start + BLOCK]
            old = part >= 0
            values = np.empty((len(part), bits), dtype=np.float16)
            values[old] = take(stored, part[old], bits)
            values[~old] = _added_embeddings(given, stored, ~part[~old])
            file.write(values.tobytes())


def _added_embeddings(given: Sources, stored: Sequence[Vectors], places: Rows) -> Vectors:
    bits = given.base.card.bits
    digests = [digest.hex() for digest in given.added.table["sha256"].take(pa.array(places)).to_pylist()]
    known = given.state.log.embeddings(model_key(given.base.card), digests)
    values = np.empty((len(places), bits), dtype=np.float16)
    from_log = np.array([digest in known for digest in digests], dtype=np.bool_)
    for place in np.flatnonzero(from_log):
        values[place] = known[digests[place]]
    values[~from_log] = take(stored, given.added.origin[places[~from_log]], bits)
    return values


def _thumbs(given: Sources, source: Rows) -> Iterator[bytes]:
    thumbs, spec = given.base.thumbs, given.base.card.preprocessing
    for row in source.tolist():
        origin = row if row >= 0 else int(given.added.origin[~row])
        if origin >= 0 and thumbs is not None:
            yield thumbs[origin]
            continue
        digest = given.added.table["sha256"][~row].as_py().hex()
        if given.state.thumbs.has(digest):
            yield given.state.thumbs.read(digest)
        else:
            data = given.state.photos.read(digest)
            yield thumb_of(data, decode(data, spec), spec)
