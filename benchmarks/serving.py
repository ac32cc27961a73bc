"""What serving costs, against the bare functions of the hot path: make bench-serving, told in docs/serving.md.

The server runs as in production on the first core, the load and Redis on the second. `python -m benchmarks.serving
PART…` runs some of the parts and writes nothing. QUICK=1: a shop of 100,000 rows and short loads.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.result import PROJECT, QUICK, WORK, Claim, commit_of, write
from benchmarks.serve import caching, cores, cost, curve, memory, plots, profile, queue, restart, rivals
from benchmarks.serve.shop import shop

ROWS = 100_000 if QUICK else 1_100_000
Part = Callable[[Path], tuple[dict[str, Any], list[Claim]]]
PARTS: dict[str, Part] = {
    "uncached": cost.uncached,
    "cached": cost.cached,
    "queue": queue.queue,
    "rivals": rivals.rivals,
    "memory": memory.memory,
    "restart": restart.restart,
    "cores": cores.cores,
    "cache": caching.cache,
    "curve": curve.curve,
    "profile": profile.profile,
}


def measured(name: str, bundles: Path) -> tuple[dict[str, Any], list[Claim], str]:
    """A part and its commit, or what an earlier run left of it: each compares within itself, so a run may be cut off.

    Delete the file to measure a part anew.
    """
    kept = WORK / "serving" / "parts" / f"{name}-{ROWS}.json"
    if not kept.exists():
        figures, claims = PARTS[name](bundles)
        kept.parent.mkdir(parents=True, exist_ok=True)
        found = {"figures": figures, "claims": [own.model_dump() for own in claims], "commit": commit_of(PROJECT)}
        kept.write_text(json.dumps(found), "utf-8")
    found = json.loads(kept.read_text("utf-8"))
    return found["figures"], [Claim.model_validate(own) for own in found["claims"]], found["commit"]


def main() -> None:
    bundles = shop(ROWS)
    only = sys.argv[1:]
    figures: dict[str, Any] = {"rows": ROWS, "commits": {}}
    claims: list[Claim] = []
    for name, part in PARTS.items():
        if only and name not in only:
            continue
        print(f"== {name}", file=sys.stderr, flush=True)
        if only:
            figures[name], own = part(bundles)
        else:
            figures[name], own, figures["commits"][name] = measured(name, bundles)
        claims += own
    if only:
        print(*claims, sep="\n")
    else:
        write("serving", f"Serving: {ROWS:,} products' photos, 512 bits, one core", figures, claims)
        plots.draw(figures)


if __name__ == "__main__":
    main()
