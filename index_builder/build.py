"""One generation's files in a staging folder: rows in order, shards, lookup, the model's copy, the manifest last."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.bundle.manifest import MANIFEST_FILE, CategorySlice, FileRecord, Manifest, ModelRef, ShardRecord, Source
from engine.bundle.rows import LOOKUP_FILE, write_lookup, write_rows
from engine.bundle.thumbs import write_thumbs
from engine.catalogue.row import Row
from engine.changes.record import StoredProduct
from engine.codes import Codes, binarise
from engine.files import sha256, sync_folder, write_atomic
from engine.index.flat import write_shard
from engine.model import CARD_FILE, ONNX_FILE, ModelCard
from engine.taxonomy import sort_key
from index_builder.cache import Digests, PhotoCache
from index_builder.encode import EncodedRows
from index_builder.plan import Plan, split_rows
from index_builder.thresholds import Thresholds

SHORT_LIST = 200
"""S: enough that ten products stand in the first short list though each has several photos."""


@dataclass(frozen=True, slots=True)
class Ingredients:
    """All that a generation is made from."""

    generation: str
    model: Path
    card: ModelCard
    encoded: EncodedRows
    cache: PhotoCache
    thresholds: Thresholds
    plan: Plan
    shard_rows: int
    source: Source
    state_id: str | None = None
    includes_revision: int = 0
    incomplete: tuple[StoredProduct, ...] = ()


def build_generation(staged: Path, given: Ingredients) -> Manifest:
    """Write all files of a generation to `staged`, the manifest last, its `quality` still empty.

    Embeddings are read from the cache's segments shard by shard: memory holds one shard's codes and the rows' texts.
    """
    (staged / "shards").mkdir(parents=True)
    order = row_order(given.encoded.rows)
    rows = [given.encoded.rows[place] for place in order]
    digests = given.encoded.digests[order]
    categories = category_slices(rows)
    shards = split_rows(len(rows), given.shard_rows)
    start = 0
    for shard in shards:
        part = slice(start, start + shard.rows)
        _write_shard(staged / "shards" / shard.name, shard, digests[part], given)
        _write_rows(staged / "shards" / f"{shard.name}.rows", rows[part], digests[part], categories, start)
        start += shard.rows
    write_lookup(staged / LOOKUP_FILE, [row.product for row in rows], [row.image_id for row in rows])
    for name in (ONNX_FILE, CARD_FILE):
        shutil.copyfile(given.model / name, staged / name)
    manifest = Manifest(
        generation=given.generation,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=ModelRef(
            onnx_sha256=given.card.onnx_sha256,
            preprocessing_sha256=given.card.preprocessing_sha256,
            backbone=given.card.backbone,
            bits=given.card.bits,
        ),
        thresholds=tuple(given.thresholds.values.tolist()),
        thresholds_from=given.thresholds.source,
        short_list=SHORT_LIST,
        rows=len(rows),
        products=len({row.product for row in rows} | {own.product_id for own in given.incomplete}),
        categories=categories,
        shards=shards,
        files=seal(staged),
        source=given.source,
        quality={},
        state_id=given.state_id,
        includes_revision=given.includes_revision,
        incomplete=given.incomplete,
    )
    write_manifest(staged, manifest)
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write or replace manifest.json, durably."""
    write_atomic(folder / MANIFEST_FILE, manifest.model_dump_json(indent=1).encode())


def row_order(rows: Sequence[Row]) -> list[int]:
    """The places of `rows` by category path, product id, image id: a category is one slice, a product lies together."""
    return sorted(range(len(rows)), key=lambda i: (sort_key(rows[i].category), rows[i].product, rows[i].image_id))


def category_slices(rows: Sequence[Row]) -> tuple[CategorySlice, ...]:
    """The slice of each category of rows in order."""
    slices: list[CategorySlice] = []
    start = 0
    for path, group in groupby(rows, key=lambda row: row.category):
        stop = start + sum(1 for _ in group)
        slices.append(CategorySlice(path=path, start=start, stop=stop))
        start = stop
    return tuple(slices)


def _write_shard(stem: Path, shard: ShardRecord, digests: Digests, given: Ingredients) -> None:
    bits = given.card.bits
    codes: Codes = np.empty((shard.rows, bits // 8), dtype=np.uint8)
    kept = _raw(stem.with_suffix(".f16"), shard.rows, bits) if given.plan.embeddings else None
    for places, values in given.cache.gather(digests, "embedding"):
        codes[places] = binarise(values, given.thresholds.values)
        if kept is not None:
            kept[places] = values
    write_shard(stem.with_suffix(".faiss"), codes)
    if given.plan.features:
        features = _raw(stem.with_suffix(".features.f16"), shard.rows, given.card.features)
        for places, values in given.cache.gather(digests, "features"):
            features[places] = values
    if given.plan.thumbs:
        write_thumbs(stem.with_suffix(".thumbs"), given.cache.thumbnails(digests))


def _raw(path: Path, rows: int, width: int) -> "np.memmap[tuple[int, int], np.dtype[np.float16]]":
    """A new raw file of float16 [rows, width], mapped for writing. Raises OSError where the disk has no room for it.

    All of it is taken from the disk first: a disk that fills up under a mapped file kills the process (SIGBUS).
    """
    with path.open("wb") as file:
        _take_up(file, rows * width * 2)
    return np.memmap(path, dtype=np.float16, mode="r+", shape=(rows, width))


def _take_up(file: BinaryIO, length: int) -> None:
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, length)
        else:  # macOS: what is written is there
            zeros = bytes(min(length, 2**20))
            for start in range(0, length, len(zeros)):
                file.write(zeros[: length - start])
            file.flush()
    except OSError as error:
        raise OSError(error.errno, error.strerror, file.name) from error


def _write_rows(
    path: Path, rows: Sequence[Row], digests: Digests, categories: Sequence[CategorySlice], start: int
) -> None:
    stops = np.array([own.stop for own in categories])
    category = np.searchsorted(stops, np.arange(start, start + len(rows)), side="right")
    write_rows(
        path,
        {
            "image_id": [row.image_id for row in rows],
            "product_id": [row.product for row in rows],
            "category": category.tolist(),
            "title": [row.title for row in rows],
            "url": [row.url for row in rows],
            "sha256": [digest.tobytes() for digest in digests],
        },
    )


def seal(folder: Path) -> dict[str, FileRecord]:
    """Force every file to the disk and describe it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    records = {}
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
        name = path.relative_to(folder).as_posix()
        records[name] = FileRecord(bytes=path.stat().st_size, sha256=sha256(path))
    sync_folder(folder / "shards")
    sync_folder(folder)
    return records
