"""A shop of any size, whose codes lie as real ones do.

Real photos are indexed as they are. Every further product is a mixture of two or three real embeddings, its photos are
that mixture with noise of the size by which real photos of one product differ: neither uniform bits nor copies.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.result import WORK
from benchmarks.study.photos import WEIGHTS, folder
from engine.bundle.generation import open_generation
from engine.bundle.manifest import CategorySlice, Manifest, ShardRecord, read_manifest
from engine.bundle.rows import LOOKUP_FILE, write_lookup, write_rows
from engine.bundle.store import current, set_current
from engine.codes import Codes, Floats, binarise
from engine.index.flat import write_shard
from engine.model import CARD_FILE, ONNX_FILE
from index_builder.build import seal, write_manifest

REAL = WORK / "serving" / "real"
PHOTOS_EACH = 4
"""Photos of a drawn product."""
SHARD = 1_000_000


Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Drawn:
    """Rows in the order of their categories. Ids are Arrow's: as Python's, those of ten million rows take 1.4 GB."""

    codes: Codes
    products: Any
    images: Any
    categories: Numbers


def real() -> Path:
    """The grocery photos in a bundle, by the untrained network; built unless it is there."""
    bundles = REAL / "bundles"
    if not (bundles / "CURRENT").exists():
        catalogue = folder("grocery") / "catalogue.csv"
        command = [sys.executable, "-m", "twinshot", "build", str(catalogue), f"--out={bundles}"]
        subprocess.run([*command, f"--weights={WEIGHTS}", "--epochs=0"], check=True)
    return bundles


def shop(rows: int) -> Path:
    """A bundle folder with `rows` rows; made unless it is there."""
    bundles = WORK / "serving" / f"shop-{rows}"
    if (bundles / "CURRENT").exists():
        return bundles
    source = real()
    folder_of_real = source / current(source)
    shutil.rmtree(bundles, ignore_errors=True)
    manifest = read_manifest(folder_of_real)
    generation = bundles / manifest.generation
    (generation / "shards").mkdir(parents=True)
    drawn = draw(folder_of_real, manifest, rows)
    shards = []
    for number, start in enumerate(range(0, rows, SHARD)):
        part = slice(start, min(start + SHARD, rows))
        shards.append(ShardRecord(name=f"{number:05}", rows=part.stop - part.start))
        _write_shard(generation / "shards" / shards[-1].name, drawn, part)
    write_lookup(generation / LOOKUP_FILE, drawn.products.to_pylist(), drawn.images.to_pylist())
    for name in (ONNX_FILE, CARD_FILE):
        shutil.copyfile(folder_of_real / name, generation / name)
    edges = np.searchsorted(drawn.categories, np.arange(len(manifest.categories) + 1)).tolist()
    slices = [
        CategorySlice(path=own.path, start=start, stop=stop)
        for own, start, stop in zip(manifest.categories, edges[:-1], edges[1:], strict=True)
    ]
    changes = {
        "rows": rows,
        "products": pc.count_distinct(drawn.products).as_py(),
        "categories": tuple(slices),
        "shards": tuple(shards),
        "files": seal(generation),
        "quality": {},
    }
    write_manifest(generation, manifest.model_copy(update=changes))
    set_current(bundles, manifest.generation)
    return bundles


def draw(real_folder: Path, manifest: Manifest, rows: int) -> Drawn:
    """The real rows, as many of them as fit, and drawn ones."""
    opened = open_generation(real_folder)
    own = min(manifest.rows, rows)
    embeddings = _embeddings(real_folder, manifest)
    of_row = np.repeat(np.arange(len(manifest.categories)), [part.stop - part.start for part in manifest.categories])
    kept = np.sort(np.random.default_rng(0).permutation(manifest.rows)[:own])
    products, images = opened.ids(kept)
    codes, categories = _mixtures(embeddings, of_row, opened.thresholds, rows - own)
    category = np.concatenate([of_row[kept], categories])
    names = pa.array(chain(products, (f"D{number // PHOTOS_EACH:08}" for number in range(rows - own))), pa.string())
    photos = pa.array(chain(images, (f"D{number:08}" for number in range(rows - own))), pa.string())
    order = np.argsort(category, kind="stable")
    return Drawn(
        codes=np.concatenate([opened.codes(kept), codes])[order],
        products=names.take(pa.array(order)),
        images=photos.take(pa.array(order)),
        categories=category[order],
    )


def _mixtures(embeddings: Floats, of_row: Numbers, thresholds: Floats, rows: int) -> tuple[Codes, Numbers]:
    """Codes uint8 [rows, bits / 8] and categories int64 [rows] of drawn photos, PHOTOS_EACH of a product together."""
    rng = np.random.default_rng(1)
    within = embeddings.std(axis=0) * 0.6
    codes = np.empty((rows, embeddings.shape[1] // 8), dtype=np.uint8)
    categories = np.empty(rows, dtype=np.int64)
    for start in range(0, rows, 40_000):
        stop = min(start + 40_000, rows)
        products = -(-(stop - start) // PHOTOS_EACH)
        parents = rng.integers(0, len(embeddings), (products, 3))
        shares = rng.dirichlet((2.0, 1.0, 0.5), products).astype(np.float32)
        centres = np.einsum("ps,psb->pb", shares, embeddings[parents])
        photos = np.repeat(centres, PHOTOS_EACH, axis=0)[: stop - start]
        photos += rng.standard_normal(photos.shape, dtype=np.float32) * within
        codes[start:stop] = binarise(photos, thresholds)
        categories[start:stop] = np.repeat(of_row[parents[:, 0]], PHOTOS_EACH)[: stop - start]
    return codes, categories


def _embeddings(real_folder: Path, manifest: Manifest) -> Floats:
    parts = [np.fromfile(real_folder / "shards" / f"{shard.name}.f16", dtype=np.float16) for shard in manifest.shards]
    return np.concatenate(parts).reshape(manifest.rows, manifest.model.bits).astype(np.float32)


def _write_shard(stem: Path, drawn: Drawn, part: slice) -> None:
    write_shard(stem.with_suffix(".faiss"), drawn.codes[part])
    products, count = drawn.products[part], part.stop - part.start
    write_rows(
        stem.with_suffix(".rows"),
        {
            "image_id": drawn.images[part],
            "product_id": products,
            "category": pa.array(drawn.categories[part], pa.int32()),
            "title": pc.binary_join_element_wise("Product ", products, ", 500 g", ""),
            "url": pa.nulls(count, pa.string()),
            "sha256": pa.repeat(pa.scalar(b"\0" * 32, pa.binary(32)), count),
        },
    )
