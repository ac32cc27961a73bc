"""How many photos does training want? Small shops of grocery photos, trained on, or only a projection fitted on them.

Each shop is indexed alone and asked `val` (photos of 128 px, one seed; nothing steers, since a small shop has no photos
to spare); some are also trained without the leaves of a fold and asked for these. `so-far` writes the tables of what is
there. QUICK=1: the smallest shop.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.recognition import run
from benchmarks.result import QUICK, Claim, write
from benchmarks.study.cell import Cell, Value
from benchmarks.study.claims import difference
from benchmarks.study.figures import File, Marks, of_whole_seeds, pooled
from benchmarks.study.lines import RESCORED
from benchmarks.study.page import replace_block
from benchmarks.study.run import kept_of
from benchmarks.study.small_round import COMBINED

SIZES = (200,) if QUICK else (200, 500, 1000, 2000)
GROWING = () if QUICK else (200, 1000)
"""Those that are also asked for products that came after their training."""
FOLDS = (0, 1)
EPOCHS = (6, 20)
AVERAGES = (0.5, 1.0)
FITTED = "few-0"
IDENTITY: dict[str, Value] = dict.fromkeys(COMBINED, 0)
PAIRS = (
    ("few-20-identity:average=1", "few-6-identity:average=1"),
    ("few-20:average=1", "few-6:average=1"),
    ("few-6-identity:average=1", "few-6:average=1"),
    ("few-20-identity:average=1", "few-20:average=1"),
)
"""What is compared besides each training with none: more epochs, and the identity term alone."""


def cells_of(size: int) -> list[Cell]:
    """A shop of `size` photos: only fitted, and trained for each number of epochs, with each average."""
    recipes: dict[str, dict[str, Value]] = {FITTED: {"epochs": 0}}
    for epochs in EPOCHS:
        for average in AVERAGES:
            recipes[f"few-{epochs}:average={average:g}"] = {**COMBINED, "epochs": epochs, "average": average}
        recipes[f"few-{epochs}-identity:average=1"] = {**IDENTITY, "epochs": epochs, "average": 1.0}
    return [Cell(name, recipe, size=128, photos=size) for name, recipe in recipes.items()]


def growing(size: int) -> list[Cell]:
    """The same without the leaves of each fold, all of the training kept, which is the default."""
    kept = [cell for cell in cells_of(size) if cell.recipe.get("average", 1.0) == 1.0]
    return [replace(cell, fold=fold) for cell in kept for fold in FOLDS]


def hits_of(files: Sequence[File], protocol: str, folds: Sequence[int | None] = (None,)) -> dict[str, Marks]:
    """1 or 0 for each query of all folds, by the name of the cell; of those that have a file of every fold."""
    by_name: dict[str, list[File]] = {}
    for own in files:
        by_name.setdefault(own["cell"]["name"], []).append(own)
    whole = {name: of_whole_seeds(every, folds) for name, every in by_name.items()}
    return {name: pooled(kept).marks(protocol, RESCORED) for name, kept in whole.items() if kept}


def table(found: dict[str, dict[str, Marks]]) -> str:
    """Product recall@1 of rescored bits: a line for each way, a column for each shop."""
    names = dict.fromkeys(name for own in found.values() for name in own)
    lines = [f"| | {' | '.join(found)} |", "|---" * (len(found) + 1) + "|"]
    for name in names:
        figures = " | ".join(f"{own[name].mean():.3f}" if name in own else "" for own in found.values())
        lines.append(f"| {_said(name)} | {figures} |")
    return "\n".join(lines)


def _said(name: str) -> str:
    training, _, finish = name.partition(":")
    if training == FITTED:
        return "fitted alone (`--epochs 0`)"
    _, epochs, *alone = training.split("-")
    terms = "identity alone (the default)" if alone else "with categories"
    return f"{epochs} epochs, {terms}" + (", averaged (½)" if finish == "average=0.5" else "")


def claims_of(shop: str, hits: dict[str, Marks]) -> list[Claim]:
    """What training adds to fitting, and the `PAIRS`, in paired differences."""
    pairs = [(name, FITTED) for name in hits if name != FITTED] + list(PAIRS)
    return [
        difference(f"{shop}: {_said(own)} − {_said(other)}, product R@1", hits[own], hits[other])
        for own, other in pairs
        if own in hits and other in hits
    ]


def files_of(cells: Sequence[Cell], so_far: bool) -> list[File]:
    """Of those that are there, or of all, which are run."""
    return [own for cell in cells if (own := kept_of(cell))] if so_far else run(cells)


def main() -> None:
    so_far = "so-far" in sys.argv
    found = {f"{size:,} photos": hits_of(files_of(cells_of(size), so_far), "seen") for size in SIZES}
    later = {f"{size:,}, new leaves": hits_of(files_of(growing(size), so_far), "unseen", FOLDS) for size in GROWING}
    shops = found | {name: own for name, own in later.items() if own}
    if not QUICK:
        replace_block("recognition.md", "few", table(shops))
    figures: dict[str, Any] = {
        shop: {name: round(float(own.mean()), 4) for name, own in hits.items()} for shop, hits in shops.items()
    }
    claims = [own for shop, hits in shops.items() for own in claims_of(shop, hits)]
    write("recognition_few", "How many photos training wants: 128 px, small shops", figures, claims)


if __name__ == "__main__":
    main()
