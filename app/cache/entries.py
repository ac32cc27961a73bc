"""The two entries of the cache: their keys, and their packing. Never pickle.

*Embedding*: what the model says of a photo; outlives generations of the same model.
*Answer*: the ranked list of one photo under one set of filters, whatever page was asked for.
"""

import hashlib
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np

from app.live import Loaded
from engine.codes import Floats
from engine.live.view import LiveScope
from engine.preprocess import Box
from engine.taxonomy import Level, Path3

_HEADER = struct.Struct("<4sIIII")
_MAGIC = b"TSE1"
KEPT = 30
"""Places of a ranked list that are worked out and cached even where fewer are asked for: most callers turn no page."""
Categories = dict[Level, list[tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class Embedded:
    """A photo as the model sees it. embedding: float32 [bits]; probabilities: float32 [classes]."""

    embedding: Floats
    probabilities: Floats
    width: int
    height: int


class Match(NamedTuple):
    """One product of a ranked list, ready to be shown. A tuple: dozens are made for each answer."""

    product_id: str
    image_id: str
    similarity: float
    distance: int
    title: str | None
    url: str | None
    category: Path3
    score: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The ranked list as far as it was needed; `complete` says that there is no more of it."""

    matches: tuple[Match, ...]
    complete: bool
    categories: Categories
    width: int
    height: int

    def reaches(self, need: int) -> bool:
        """Whether the first `need` places can be read from it."""
        return self.complete or len(self.matches) >= need


_ANSWERS = msgspec.json.Decoder(Answer)


def embedding_key(loaded: Loaded, sha256: str, box: Box | None) -> str:
    """The key of a photo's embedding."""
    card = loaded.generation.card
    return f"twinshot:embedding:{card.onnx_sha256}:{card.preprocessing_sha256}:{sha256}:{box}"


def answer_key(loaded: Loaded, sha256: str, box: Box | None, scope: LiveScope, exclude: Iterable[str]) -> str:
    """The key of a photo's ranked list."""
    manifest = loaded.generation.manifest
    return (
        f"twinshot:answer:{manifest.generation}:{loaded.state_id}:{loaded.revision}:{sha256}:{box}:"
        f"{_filters(scope, frozenset(exclude))}"
    )


def _filters(scope: LiveScope, exclude: frozenset[str]) -> str:
    """A digest of what is searched and left out. Not kept: it costs 2 µs, and callers may leave out much."""
    inside = None if scope.categories is None else sorted(scope.categories)
    return hashlib.sha256(json.dumps([scope.base, inside, sorted(exclude)]).encode()).hexdigest()


def pack_embedded(entry: Embedded) -> bytes:
    """A header and the raw little-endian floats."""
    sizes = (len(entry.embedding), len(entry.probabilities))
    floats = np.concatenate([entry.embedding, entry.probabilities]).astype("<f4")
    return _HEADER.pack(_MAGIC, entry.width, entry.height, *sizes) + floats.tobytes()


def unpack_embedded(data: bytes) -> Embedded | None:
    """The entry, or None if the bytes are not one."""
    if len(data) < _HEADER.size:
        return None
    magic, width, height, bits, classes = _HEADER.unpack_from(data)
    if magic != _MAGIC or len(data) != _HEADER.size + 4 * (bits + classes):
        return None
    floats = np.frombuffer(data, dtype="<f4", offset=_HEADER.size)
    return Embedded(floats[:bits], floats[bits:], width, height)


def pack_answer(answer: Answer) -> bytes:
    """JSON; floats keep every digit."""
    return msgspec.json.encode(answer)


def unpack_answer(data: bytes) -> Answer | None:
    """The entry, or None if the bytes are not one."""
    try:
        return _ANSWERS.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
