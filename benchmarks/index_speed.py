"""Exact search over 1.1 M codes of 512 bits: against the memory bus, by category, and ranked."""

from dataclasses import dataclass
from itertools import cycle
from statistics import median

import numpy as np

from benchmarks.result import QUICK, WORK, claim, write
from benchmarks.timing import interleaved
from engine.codes import Codes, Floats, unpack
from engine.index.brute import BruteIndex
from engine.index.flat import FlatIndex, set_threads, write_shard
from engine.index.protocol import Hits, Rows, Scope
from engine.ranking import rank, scanned_for

BITS = 512
ROWS = 200_000 if QUICK else 1_100_000
ROUNDS = 15 if QUICK else 60
SHORT_LIST = 200
RESTED = scanned_for(SHORT_LIST)
"""Rows that the scan of a ranked list is asked for."""


@dataclass(frozen=True)
class Shelf:
    """A snapshot whose every row is a product."""

    index: FlatIndex
    thresholds: Floats
    short_list: int = SHORT_LIST

    def nearest(self, code: Codes, count: int, scope: Scope) -> Hits:
        return self.index.nearest(code, count, scope)

    def within(self, code: Codes, radius: int, scope: Scope) -> Hits:
        return self.index.within(code, radius, scope)

    def codes(self, rows: Rows) -> Codes:
        return self.index.codes(rows)

    def ids(self, rows: Rows) -> tuple[list[str], list[str]]:
        names = [str(row) for row in rows.tolist()]
        return names, names


def clustered(rows: int, rng: np.random.Generator) -> Codes:
    """Codes as a catalogue has them: 2,000 centres, each row a centre with about a fifth of its bits turned."""
    centres = rng.integers(0, 256, (2000, BITS // 8), dtype=np.uint8)
    flips = np.packbits(rng.random((rows, BITS), dtype=np.float32) < 0.2, axis=1)
    return centres[rng.integers(0, len(centres), rows)] ^ flips


def photo_of(code: Codes, rng: np.random.Generator) -> Floats:
    """An embedding as another photo of the same thing has it: the code's signs, of uneven size, and noise."""
    signs = unpack(code).astype(np.float32) * 2 - 1
    return (signs * np.abs(rng.normal(size=BITS)) + 0.8 * rng.normal(size=BITS)).astype(np.float32)


def save(codes: Codes, shards: int) -> FlatIndex:
    WORK.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, part in enumerate(np.array_split(codes, shards)):
        paths.append(WORK / f"speed-{shards}-{number}.faiss")
        write_shard(paths[-1], part)
    return FlatIndex(paths, BITS)


def main() -> None:
    set_threads(1)
    rng = np.random.default_rng(0)
    codes = np.concatenate([clustered(100_000, rng) for _ in range(ROWS // 100_000)])
    one, four, brute = save(codes, 1), save(codes, 4), BruteIndex(codes)
    whole: Scope = ((0, ROWS),)
    start = ROWS // 3
    slice_share = 0.09
    part: Scope = ((start, start + int(ROWS * slice_share)),)
    code = codes[ROWS // 2]
    asked = cycle([photo_of(codes[row], rng) for row in rng.integers(0, ROWS, 2 * ROUNDS)])
    shelf = Shelf(one, np.zeros(BITS, dtype=np.float32))
    words = codes.view(np.uint64)
    times = interleaved(
        {
            "read": words.sum,
            "scan k=100": lambda: one.nearest(code, 100, whole),
            f"scan k={RESTED}": lambda: one.nearest(code, RESTED, whole),
            "scan k=1000": lambda: one.nearest(code, 1000, whole),
            "four shards": lambda: four.nearest(code, 100, whole),
            "slice": lambda: one.nearest(code, 100, part),
            "ranked, 10 products": lambda: rank(shelf, next(asked), 10, whole),
            "ranked, 200 products": lambda: rank(shelf, next(asked), 200, whole),
        },
        ROUNDS,
    )
    oracle = interleaved({"numpy": lambda: brute.nearest(code, 100, whole)}, 2)["numpy"]
    ms = {name: round(median(values) * 1e3, 3) for name, values in (times | {"numpy": oracle}).items()}
    scan, rested = ms["scan k=100"], ms[f"scan k={RESTED}"]
    figures = {"rows": ROWS, "bits": BITS, "rounds": ROUNDS, "median_ms": ms, "p95_ms": p95(times)}
    write(
        "index_speed",
        f"Index speed: {ROWS:,} × {BITS} bits, one thread",
        figures,
        [
            claim("exact scan, k = 100 ÷ reading the codes once", scan / ms["read"], "×", 1.3, "lower",
                  f"{scan:g} ms ÷ {ms['read']:g} ms"),
            claim(f"a category of {slice_share:.0%} of the rows ÷ the full scan", ms["slice"] / scan, "×", 0.25,
                  "lower", f"{ms['slice']:g} ms"),
            claim("four shards ÷ one", ms["four shards"] / scan, "×", 1.2, "lower"),
            claim(f"ranked list of 10 products ÷ the scan it rests on (k = {RESTED})",
                  ms["ranked, 10 products"] / rested, "×", None, "lower",
                  f"{ms['ranked, 10 products']:g} ms with rescoring, order and grouping ÷ {rested:g} ms"),
            claim("NumPy brute force ÷ FAISS", ms["numpy"] / scan, "×", None, "higher"),
        ],
    )  # fmt: skip


def p95(times: dict[str, list[float]]) -> dict[str, float]:
    return {name: round(float(np.percentile(values, 95)) * 1e3, 3) for name, values in times.items()}


if __name__ == "__main__":
    main()
