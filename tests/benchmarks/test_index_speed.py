from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.index_speed import BITS, RESTED, Shelf, clustered, photo_of
from engine.codes import Codes
from engine.index.flat import FlatIndex, write_shard
from engine.index.protocol import Hits, Scope
from engine.ranking import rank


@dataclass(frozen=True)
class Watched(Shelf):
    asked: list[int] = field(default_factory=list)

    def nearest(self, code: Codes, count: int, scope: Scope) -> Hits:
        self.asked.append(count)
        return super().nearest(code, count, scope)


def test_the_scan_that_a_ranked_list_is_divided_by_is_the_one_that_it_makes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    codes = clustered(3000, rng)
    write_shard(tmp_path / "a.faiss", codes)
    shelf = Watched(FlatIndex([tmp_path / "a.faiss"], BITS), np.zeros(BITS, dtype=np.float32))
    rank(shelf, photo_of(codes[7], rng), 10, ((0, 3000),))
    assert shelf.asked == [RESTED]
