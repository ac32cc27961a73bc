"""What serving costs, against the bare functions of the hot path: make bench-serving, told in docs/serving.md.

The server runs as in production on the first core, the load and Redis on the second. `python -m benchmarks.serving
PART…` runs some of the parts and writes nothing. QUICK=1: a shop of 100,000 rows and short loads.
"""

from benchmarks.parts import Part, measure
from benchmarks.result import QUICK
from benchmarks.serve import caching, cores, cost, curve, memory, plots, profile, queue, restart, rivals
from benchmarks.serve.shop import shop

ROWS = 100_000 if QUICK else 1_100_000
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


def main() -> None:
    figures = measure("serving", f"Serving: {ROWS:,} products' photos, 512 bits, one core", PARTS, shop(ROWS), ROWS)
    if figures is not None:
        plots.draw(figures)


if __name__ == "__main__":
    main()
