"""The model folder: `model.onnx` and its description `model.json`."""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import BundleError
from engine.files import require, sha256
from engine.preprocess import Preprocessing
from engine.taxonomy import Taxonomy

MODEL_FORMAT = 1
ONNX_FILE = "model.onnx"
CARD_FILE = "model.json"

M = TypeVar("M", bound=BaseModel)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Weights(_Record):
    """Where the backbone's starting weights came from."""

    source: str
    """`hub`, `none`, or the file's name."""
    licence: str | None = None
    sha256: str | None = None


class Parity(_Record):
    """How the exported model compared with the trained one on `photos` real photos."""

    photos: int
    max_difference: float
    differing_bits: float
    """Share of all bits, 0 to 1."""


class Training(_Record):
    """What the model was trained on and how; for the reader, nothing depends on it."""

    catalogue: str
    photos: int
    products: int
    epochs: int
    seed: int
    recipe: dict[str, float | int | str | bool | None] = {}


class ModelCard(_Record):
    """`model.json`: everything about `model.onnx` that its users must know.

    The graph takes `pixels` uint8 [N, size, size, 3] RGB (normalisation is inside) and gives `embedding`
    float32 [N, bits], `probabilities` float32 [N, classes] (sum 1; [N, 0] without classes) and `features`
    float32 [N, features], the pooled output of the backbone, used for evaluation only.
    """

    format: Literal[1] = 1
    backbone: str
    bits: int = Field(ge=8, le=8192, multiple_of=8)
    features: int
    preprocessing: Preprocessing
    thresholds: tuple[float, ...]
    """One per bit, of the training catalogue: bit i = embedding[i] > thresholds[i]."""
    taxonomy: Taxonomy
    weights: Weights
    training: Training
    parity: Parity
    onnx_sha256: str

    @cached_property
    def preprocessing_sha256(self) -> str:
        """Identifies the preprocessing: equal values give equal pixels."""
        return hashlib.sha256(self.preprocessing.model_dump_json().encode()).hexdigest()


def replaced(folder: Path) -> Path:
    """Where the model folder `folder` is while another is put in its place."""
    return folder.with_name(f".{folder.name}.replaced")


def read_card(folder: Path, verify: bool = True) -> ModelCard:
    """Read and check `folder`/model.json; with `verify`, also that model.onnx is the file it describes.

    Raises BundleError.
    """
    remedy = "export the model again with `twinshot export RUN --out MODEL`"
    if not folder.exists() and (old := replaced(folder)).exists():
        remedy = f"an export was killed as it replaced it: rename {old} to {folder.name}, or {remedy}"
    path = require(folder / CARD_FILE, remedy)
    onnx = require(folder / ONNX_FILE, remedy)
    card = parse(ModelCard, path, MODEL_FORMAT, remedy)
    if len(card.thresholds) != card.bits:
        raise BundleError(f"{path} has {len(card.thresholds)} thresholds for {card.bits} bits; {remedy}")
    if verify and sha256(onnx) != card.onnx_sha256:
        raise BundleError(f"{onnx} is not the file that {path.name} describes (SHA-256 differs); {remedy}")
    return card


def parse(kind: type[M], path: Path, version: int, remedy: str) -> M:
    """Read a JSON description; a BundleError names the file and the first thing wrong with it."""
    try:
        data = json.loads(path.read_bytes())
    except (ValueError, UnicodeDecodeError) as error:
        raise BundleError(f"{path} is not readable JSON ({error}); {remedy}") from error
    if isinstance(data, dict) and data.get("format") != version:
        raise BundleError(
            f"{path} has format {data.get('format')!r}, this version of Twinshot reads {version}; {remedy}"
        )
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BundleError(f"{path}: {where}: {first['msg']}; {remedy}") from error
