"""Exact search over a whole index in the memory of a GPU, by FAISS; what the GPU cannot do stays with the flat index.

`GpuIndexBinaryFlat` has neither a range search nor a way to search a part, and finds at most 2,048 rows. So it answers
`nearest` over the whole index; categories, `within` and `codes` are answered from the mapped files, by the CPU.
FAISS's GPU resources may be used by one thread at a time: threads that ask meanwhile are answered in one call.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.batching import Batching
from engine.codes import Codes
from engine.errors import UnavailableError
from engine.index.flat import FlatIndex, import_faiss
from engine.index.protocol import Hits, Rows, Scope, everything, sorted_hits

MOST_NEAREST = 2048
"""What FAISS's selection on the GPU can hold (GPU_MAX_SELECTION_K)."""
MOST_TOGETHER = 256
"""Questions in one call."""
WORKSPACE = 64 * 2**20
"""Bytes of GPU memory that FAISS reserves for a call. It would take 1.5 GB, which the model can use better."""


class GpuIndex:
    """The shards of a FlatIndex, copied to the GPU that CUDA puts first."""

    def __init__(self, flat: FlatIndex) -> None:
        """Raises UnavailableError: a FAISS without CUDA, no GPU, too little memory on it."""
        faiss = faiss_with_gpu()
        self._flat = flat
        self._whole = everything(flat.rows)
        self._shards: list[tuple[int, int, Any]] = []
        try:
            resources = faiss.StandardGpuResources()
            resources.setTempMemory(WORKSPACE)
            resources.setPinnedMemory(0)  # 256 MB of the host's, for copies that this index never makes
            for start, shard in flat.shards:
                self._shards.append((start, shard.ntotal, faiss.GpuIndexBinaryFlat(resources, shard)))
        except RuntimeError as error:
            raise UnavailableError(
                f"the index ({flat.rows * flat.bits // 8:,} bytes) cannot be put on the GPU ({_line(error)}); "
                "free memory there, or leave the index on the CPU (TWINSHOT_INDEX_DEVICE=cpu)"
            ) from error
        self._batching: Batching[tuple[Codes, int], Hits] = Batching(self._search, MOST_TOGETHER)

    @property
    def bits(self) -> int:
        """Bits per code."""
        return self._flat.bits

    @property
    def rows(self) -> int:
        """Number of codes."""
        return self._flat.rows

    def nearest(self, code: Codes, count: int, scope: Scope) -> Hits:
        """See HammingIndex; on the GPU for the whole index and up to MOST_NEAREST rows, else on the CPU."""
        if scope != self._whole or not self._whole or count > MOST_NEAREST:
            return self._flat.nearest(code, count, scope)
        return self._batching.ask((code, count))

    def within(self, code: Codes, radius: int, scope: Scope) -> Hits:
        """See HammingIndex; on the CPU."""
        return self._flat.within(code, radius, scope)

    def codes(self, rows: Rows) -> Codes:
        """See HammingIndex; from the mapped files."""
        return self._flat.codes(rows)

    def _search(self, asked: Sequence[tuple[Codes, int]]) -> list[Hits]:
        codes = np.stack([code for code, _ in asked])
        most = max(count for _, count in asked)
        # of each shard distances int32 and rows int64 [asked, k], nearest first
        found = [(start, *shard.search(codes, min(most, rows))) for start, rows, shard in self._shards if rows]
        return [
            sorted_hits(
                np.concatenate([rows[place, :count] + start for start, _, rows in found]),
                np.concatenate([distances[place, :count] for _, distances, _ in found]),
                count,
            )
            for place, (_, count) in enumerate(asked)
        ]


def faiss_with_gpu() -> Any:
    """The library, where it can search on a GPU. Raises UnavailableError where it was not built so, or finds none."""
    faiss = import_faiss()
    if not hasattr(faiss, "GpuIndexBinaryFlat"):
        raise UnavailableError(
            "an index on device 'cuda' needs a FAISS that was built for CUDA, and this one was not; install the extra "
            "'gpu-index' (without 'cpu' and 'gpu'), or leave the index on the CPU (TWINSHOT_INDEX_DEVICE=cpu)"
        )
    if faiss.get_num_gpus() == 0:
        raise UnavailableError(
            "an index on device 'cuda' needs a GPU, and FAISS finds none; see what `nvidia-smi` and "
            "CUDA_VISIBLE_DEVICES say, or leave the index on the CPU (TWINSHOT_INDEX_DEVICE=cpu)"
        )
    return faiss


def _line(error: Exception) -> str:
    """The last line of FAISS's message, which has the cause; its first lines name a function of C++."""
    return (str(error).strip() or type(error).__name__).splitlines()[-1]
