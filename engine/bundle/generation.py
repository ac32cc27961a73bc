"""One generation, opened for searching."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.bundle.manifest import REMEDY, FileRecord, Manifest, read_manifest
from engine.bundle.rows import RowTable
from engine.bundle.thumbs import Thumbs
from engine.codes import Codes, Floats
from engine.encoder import Device
from engine.errors import BundleError
from engine.files import require, sha256
from engine.index.flat import FlatIndex
from engine.index.gpu import GpuIndex
from engine.index.protocol import HammingIndex, Hits, Rows, Scope
from engine.model import CARD_FILE, ONNX_FILE, ModelCard, read_card


@dataclass(frozen=True)
class Generation:
    """An opened generation: everything but the model session. Implements engine.ranking.Snapshot."""

    folder: Path
    manifest: Manifest
    card: ModelCard
    index: HammingIndex
    table: RowTable
    thumbs: Thumbs | None
    thresholds: Floats

    @property
    def id(self) -> str:
        """The generation's id."""
        return self.manifest.generation

    @property
    def short_list(self) -> int:
        """S, the size of the first short list."""
        return self.manifest.short_list

    def nearest(self, code: Codes, count: int, scope: Scope) -> Hits:
        """See engine.index.protocol.HammingIndex."""
        return self.index.nearest(code, count, scope)

    def within(self, code: Codes, radius: int, scope: Scope) -> Hits:
        """See engine.index.protocol.HammingIndex."""
        return self.index.within(code, radius, scope)

    def codes(self, rows: Rows) -> Codes:
        """See engine.index.protocol.HammingIndex."""
        return self.index.codes(rows)

    def ids(self, rows: Rows) -> tuple[list[str], list[str]]:
        """The product ids and the image ids of `rows`."""
        return self.table.ids(rows)


def open_generation(folder: Path, verify: bool = False, index_device: Device = "cpu") -> Generation:
    """Open a generation folder after checking that it is whole and that its parts belong together.

    Sizes of all files and the model's checksum are always checked; `verify` reads every file and compares its
    checksum. The index is searched on `index_device`. Raises BundleError naming the file and the remedy, and
    UnavailableError where the device is not there.
    """
    manifest = read_manifest(folder)
    for name, record in manifest.files.items():
        check_file(folder / name, record, contents=verify or name in (ONNX_FILE, CARD_FILE))
    card = read_card(folder, verify=False)
    made_by = manifest.files.get(ONNX_FILE)
    if made_by is None or made_by.sha256 != card.onnx_sha256:
        raise BundleError(f"{folder}: {CARD_FILE} describes another model than {ONNX_FILE} is; {REMEDY}")
    if (
        card.onnx_sha256 != manifest.model.onnx_sha256
        or card.preprocessing_sha256 != manifest.model.preprocessing_sha256
    ):
        raise BundleError(
            f"{folder}: the index was made by model {manifest.model.onnx_sha256[:12]}, but {CARD_FILE} describes "
            f"{card.onnx_sha256[:12]}; codes of different models do not compare: {REMEDY}"
        )
    if len(manifest.thresholds) != card.bits:
        raise BundleError(f"{folder}: {len(manifest.thresholds)} thresholds for {card.bits} bits; {REMEDY}")
    shards = [shard.name for shard in manifest.shards]
    flat = FlatIndex([folder / "shards" / f"{name}.faiss" for name in shards], card.bits)
    table = RowTable(folder, shards)
    expected = [shard.rows for shard in manifest.shards]
    if flat.shard_rows != expected or len(table) != manifest.rows or sum(expected) != manifest.rows:
        raise BundleError(f"{folder}: the shards do not have the rows that the manifest declares; {REMEDY}")
    has_thumbs = all(f"shards/{name}.thumbs" in manifest.files for name in shards)
    return Generation(
        folder=folder,
        manifest=manifest,
        card=card,
        index=GpuIndex(flat) if index_device == "cuda" else flat,
        table=table,
        thumbs=Thumbs(folder, shards) if has_thumbs and shards else None,
        thresholds=np.array(manifest.thresholds, dtype=np.float32),
    )


def check_file(path: Path, record: FileRecord, contents: bool) -> None:
    """Compare a file with its record: size, and with `contents` its SHA-256. Raises BundleError."""
    require(path, REMEDY)
    size = path.stat().st_size
    if size != record.bytes:
        raise BundleError(f"{path} has {size:,} bytes instead of {record.bytes:,} (truncated or altered); {REMEDY}")
    if contents and sha256(path) != record.sha256:
        raise BundleError(f"{path} is altered (its SHA-256 differs from the manifest's); {REMEDY}")
