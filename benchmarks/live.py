"""A catalogue that changes while it is served: make bench-live, told in docs/live.md.

`python -m benchmarks.live PART…` runs some of the parts and writes nothing. QUICK=1: a shop of 100,000 rows, and short.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.change import deleted, killed, searching, switching, traced, visible, writing
from benchmarks.result import QUICK, Claim, write
from benchmarks.serve.shop import shop

ROWS = 100_000 if QUICK else 1_100_000
Part = Callable[[Path], tuple[dict[str, Any], list[Claim]]]
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
    bundles = shop(ROWS)
    only = sys.argv[1:]
    figures: dict[str, Any] = {"rows": ROWS}
    claims: list[Claim] = []
    for name, part in PARTS.items():
        if not only or name in only:
            print(f"== {name}", file=sys.stderr, flush=True)
            figures[name], own = part(bundles)
            claims += own
    if only:
        print(*claims, sep="\n")
    else:
        write("live", f"A live catalogue: {ROWS:,} photos, one core", figures, claims)


if __name__ == "__main__":
    main()
