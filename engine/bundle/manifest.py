"""`manifest.json`: what a generation is made of. Written last, so a folder with one is whole."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.calibration import Calibration
from engine.changes.record import StoredProduct
from engine.files import require
from engine.index.protocol import Scope
from engine.model import parse
from engine.taxonomy import Path3

FORMAT = 1
MANIFEST_FILE = "manifest.json"
REMEDY = "restore the file, or build the generation again with `twinshot index`"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class FileRecord(_Record):
    """One file of the generation."""

    bytes: int
    sha256: str


class ModelRef(_Record):
    """The model that encoded the index; the generation carries a copy of it."""

    onnx_sha256: str
    preprocessing_sha256: str
    backbone: str
    bits: int


class CategorySlice(_Record):
    """The rows [start, stop) of one category: rows are sorted by category path."""

    path: Path3
    start: int
    stop: int


class ShardRecord(_Record):
    """One shard: `shards/<name>.faiss`, `.rows`, and where kept `.f16`, `.features.f16`, `.thumbs`."""

    name: str
    rows: int


class Source(_Record):
    """What the index was built from."""

    catalogue: str
    rows_read: int
    bad_rows: int
    duplicate_photos: int
    compacted_from: str | None = None
    """The generation that changes were folded into, where nothing was built anew; the other fields are then its."""


class Manifest(_Record):
    """The description of one generation."""

    format: Literal[1] = 1
    generation: str
    created: str
    """UTC, ISO 8601."""
    model: ModelRef
    thresholds: tuple[float, ...]
    thresholds_from: Literal["catalogue", "model"]
    short_list: int = Field(ge=1)
    """S: the size of the first short list."""
    calibration: Calibration | None = None
    """How similarities become scores; None where there were too few photos with a known product to fit it on."""
    rows: int
    products: int
    categories: tuple[CategorySlice, ...]
    shards: tuple[ShardRecord, ...]
    files: dict[str, FileRecord]
    """Every file of the folder but this one and the reports, by its relative path."""
    source: Source
    quality: dict[str, Any]
    state_id: str | None = None
    includes_revision: int = 0
    """Every change of the state's log up to this one is in it."""
    incomplete: tuple[StoredProduct, ...] = ()
    """Products of the log that their rows alone do not tell: without photos, or with photos that cannot be used."""

    @property
    def scope(self) -> Scope:
        """The scope of all rows."""
        return ((0, self.rows),) if self.rows else ()


def read_manifest(folder: Path) -> Manifest:
    """Read `folder`/manifest.json. Raises BundleError."""
    return parse(Manifest, require(folder / MANIFEST_FILE, REMEDY), FORMAT, REMEDY)
