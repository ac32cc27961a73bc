"""The vectors that a generation keeps beside its codes: float16 [rows, width], one raw file a shard, mapped."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.bundle.generation import Generation
from engine.index.protocol import Rows

Vectors = npt.NDArray[np.float16]


def stored_vectors(generation: Generation, suffix: str, width: int) -> list[Vectors]:
    """The files that end in `suffix`, which the generation must have: a part for each shard."""
    return [
        np.memmap(generation.folder / "shards" / f"{shard.name}{suffix}", np.float16, "r", shape=(shard.rows, width))
        for shard in generation.manifest.shards
    ]


def take(parts: Sequence[Vectors], rows: Rows, width: int) -> Vectors:
    """The vectors of `rows`, as if the parts were one: float16 [n, width]."""
    starts = np.cumsum([0, *(len(part) for part in parts)])
    number = np.searchsorted(starts, rows, side="right") - 1
    taken = np.empty((len(rows), width), dtype=np.float16)
    for own in np.unique(number):
        mine = number == own
        taken[mine] = parts[own][rows[mine] - starts[own]]
    return taken
