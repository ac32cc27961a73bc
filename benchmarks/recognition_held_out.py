"""The default recipe asked `test`, the photos that no choice was made on: make bench-recognition-held-out.

The same models and protocols as benchmarks/recognition.py; only the queries differ. Each scoring adds a line to the log
in docs/recognition.md, since a split that is looked at often is one that choices are made on; so `make bench` leaves
this out. Trains what is not there (var/bench/study). QUICK=1 is refused: there is no short form of looking once.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from benchmarks.recognition import DEFAULT, UNTRAINED, folds_of, packages, seen
from benchmarks.result import PROJECT, QUICK, Claim, claim, commit_of, write
from benchmarks.study.cell import Cell, model_of, precision_of
from benchmarks.study.claims import difference, level
from benchmarks.study.figures import File, Pooled, pooled
from benchmarks.study.lines import RESCORED
from benchmarks.study.measure import measure
from benchmarks.study.page import add_to_block


def asked(cells: Sequence[Cell]) -> list[File]:
    """What the files of `benchmarks.study.run` hold, of `test`; nothing is kept."""
    threads = len(os.sched_getaffinity(0))
    found = []
    for cell in cells:
        print(f"== {cell.key}", file=sys.stderr, flush=True)
        model, _ = model_of(cell, threads)
        protocols = measure(cell, model, threads, test=True)
        shutil.rmtree(cell.folder / "bundles", ignore_errors=True)
        found.append({"cell": cell.described(), "precision": precision_of(cell), "protocols": protocols})
    return found


def of_folds(own: Pooled, base: Pooled) -> list[Claim]:
    """Of trainings that leave a fold's leaves out, asked for these."""
    first, floats = own.marks("unseen", RESCORED), base.marks("unseen", "float")
    return [
        level("unseen: product R@1", first),
        difference("unseen: product R@1 − untrained float", first, floats, 0.0),
        difference("unseen: rescored bits − float, product R@1", first, own.marks("unseen", "float")),
        level("packages of unseen leaves → clean pictures: product R@1", own.marks("packages", RESCORED)),
        claim("no match: AUROC − untrained", own.auroc - base.auroc, "", 0.05, "higher", f"{own.auroc:.3f}"),
    ]


def main() -> None:
    if QUICK:
        sys.exit("recognition_held_out: no short form (QUICK=1); `test` is asked once, with everything")
    whole, base = asked([DEFAULT, UNTRAINED])
    own, untrained = (pooled(asked(folds_of(cell))) for cell in (DEFAULT, UNTRAINED))
    claims = [*seen(whole, base), packages(whole), *of_folds(own, untrained)]
    figures: dict[str, Any] = {
        "seen": {"default": _short(whole), "untrained": _short(base)},
        "folds": {"default": own.cells, "untrained": untrained.cells},
    }
    write("recognition_held_out", "Recognition: `test`, which no choice was made on", figures, claims)
    told = {own.name: f"{own.value:.3f}" for own in claims}
    of = ("seen: product R@1", "unseen: product R@1", "packages → clean pictures: product R@1")
    values = " | ".join(told[name] for name in of)
    add_to_block("recognition.md", "test", f"| {datetime.now(UTC):%Y-%m-%d} | {commit_of(PROJECT)} | {values} |")


def _short(found: File) -> dict[str, Any]:
    """Figures without the queries' own results."""
    return {name: {key: value for key, value in own.items() if key != "hits"}
            for name, own in found["protocols"].items()}  # fmt: skip


if __name__ == "__main__":
    main()
