"""What a generation will be made of and what it will cost, before anything is built."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from engine.bundle.manifest import ShardRecord
from engine.errors import UnavailableError
from engine.model import ONNX_FILE, ModelCard
from engine.wording import counted

SHARD_ROWS = 1_000_000
KEEP_EMBEDDINGS_BELOW = 2_000_000
KEEP_THUMBS_BELOW = 100_000
KEEP_FEATURES_BELOW = 100_000

_ROW_BYTES = 150
"""One line of the row table with its lookup, as measured: ids, title, SHA-256."""
_THUMB_BYTES = 11_000
DECODE_SECONDS = 0.006
"""A 1600 × 1600 JPEG by a scaled decode on one core."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts of a generation of at most `rows` rows."""

    rows: int
    shards: int
    embeddings: bool
    features: bool
    thumbs: bool
    new_photos: int
    """At most: photos are known only once their bytes were read."""
    bytes: int
    """Of the generation and of what the cache will grow by."""
    seconds: float

    def __str__(self) -> str:
        parts = [name for name in ("embeddings", "features", "thumbs") if getattr(self, name)]
        return (
            f"at most {counted(self.rows, 'photo')} in {counted(self.shards, 'shard')}"
            f"{' with ' + ', '.join(parts) if parts else ''}, {self.new_photos:,} of them to encode: "
            f"about {self.bytes / 1e6:,.0f} MB and {self.seconds:,.0f} s"
        )


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller asked for; None = as the size of the catalogue suggests."""

    shard_rows: int = SHARD_ROWS
    embeddings: bool | None = None
    thumbs: bool | None = None


def make_plan(
    rows: int, cached: int, card: ModelCard, model: Path, wishes: Wishes, encode_seconds: float, threads: int
) -> Plan:
    """Plan a generation of `rows` rows, `cached` of whose photos may be known; one photo takes `encode_seconds`."""
    embeddings = wishes.embeddings if wishes.embeddings is not None else rows < KEEP_EMBEDDINGS_BELOW
    thumbs = wishes.thumbs if wishes.thumbs is not None else rows < KEEP_THUMBS_BELOW
    features = rows < KEEP_FEATURES_BELOW
    new = max(rows - cached, 0)
    stored = _ROW_BYTES + card.bits // 8
    stored += 2 * card.bits * embeddings + 2 * card.features * features + _THUMB_BYTES * thumbs
    kept = 32 + 4 * card.bits + 2 * card.features * features + _THUMB_BYTES * thumbs
    return Plan(
        rows=rows,
        shards=-(-rows // wishes.shard_rows),
        embeddings=embeddings,
        features=features,
        thumbs=thumbs,
        new_photos=new,
        bytes=rows * stored + new * kept + (model / ONNX_FILE).stat().st_size,
        seconds=new * (encode_seconds + DECODE_SECONDS / threads),
    )


def require_space(bundles: Path, size: int, instead: str = "") -> None:
    """Raise UnavailableError unless the disk of `bundles` has a tenth more than `size` bytes.

    instead: what can be done but to free some, ending the message.
    """
    free = shutil.disk_usage(bundles).free
    needed = int(size * 1.1)
    if free < needed:
        raise UnavailableError(
            f"{bundles} has {free / 1e6:,.0f} MB free, about {needed / 1e6:,.0f} MB are needed; free some{instead}"
        )


def split_rows(rows: int, shard_rows: int) -> tuple[ShardRecord, ...]:
    """The shards of `rows` rows: all of `shard_rows` rows but the last."""
    starts = range(0, rows, shard_rows)
    return tuple(ShardRecord(name=f"{i:05}", rows=min(shard_rows, rows - start)) for i, start in enumerate(starts))
