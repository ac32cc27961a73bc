"""A catalogue that changes while it is served: make bench-live, told in docs/live.md.

`python -m benchmarks.live PART…` runs some of the parts and writes nothing. QUICK=1: a shop of 100,000 rows, and short.
"""

from benchmarks.change import deleted, killed, searching, switching, traced, visible, writing
from benchmarks.parts import Part, measure
from benchmarks.result import QUICK
from benchmarks.serve.shop import shop

ROWS = 100_000 if QUICK else 1_100_000
PARTS: dict[str, Part] = {
    "searching": searching.searching,
    "visible": visible.visible,
    "writing": writing.writing,
    "traced": traced.traced,
    "switching": switching.switching,
    "deleted": deleted.deleted,
    "killed": killed.killed,
}


def main() -> None:
    measure("live", f"A live catalogue: {ROWS:,} photos, one core", PARTS, shop(ROWS), ROWS)


if __name__ == "__main__":
    main()
