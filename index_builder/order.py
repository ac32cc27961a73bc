"""What `twinshot index` is asked to do."""

from dataclasses import dataclass, field
from pathlib import Path

from engine.encoder import Device
from index_builder.plan import Wishes


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be indexed, and how."""

    catalogue: Path | None
    """None is a shop without a catalogue: it has the products of `state` alone, or none yet."""
    model: Path
    out: Path
    columns: dict[str, str] = field(default_factory=dict)
    images: Path | None = None
    splits: tuple[str, ...] = ()
    """The splits to index; none = as the catalogue's format says, else all but val, test and query."""
    strict: bool = False
    wishes: Wishes = field(default_factory=Wishes)
    keep: int = 3
    force: str | None = None
    threads: int = 1
    device: Device = "cpu"
    state: Path | None = None
    """The state folder whose log has the last word about the products that it speaks of."""
    patience: float = 0.0
    """Seconds to wait for another process that writes the bundle folder, such as a compaction."""
