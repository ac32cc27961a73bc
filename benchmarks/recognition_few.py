"""How many photos does training want? Small shops of grocery photos, trained on, or only a projection fitted on them.

Each shop is indexed alone and asked `val` (photos of 128 px, one seed; nothing steers, since a small shop has no photos
to spare). `so-far` writes the table of what is there. QUICK=1: the smallest shop.
"""

import sys
from typing import Any

from benchmarks.recognition import run
from benchmarks.result import QUICK, Claim, write
from benchmarks.study.cell import Cell, Value
from benchmarks.study.claims import difference
from benchmarks.study.figures import File, first_right, marks
from benchmarks.study.page import replace_block
from benchmarks.study.run import kept_of

SIZES = (200,) if QUICK else (200, 500, 1000, 2000)
EPOCHS = (6, 20)
AVERAGES = (0.5, 1.0)
FITTED = "few-0"


def cells_of(size: int) -> list[Cell]:
    """A shop of `size` photos: only fitted, and trained for each number of epochs, with each average."""
    recipes: dict[str, dict[str, Value]] = {FITTED: {"epochs": 0}}
    for epochs in EPOCHS:
        for average in AVERAGES:
            recipes[f"few-{epochs}:average={average:g}"] = {"epochs": epochs, "average": average}
    return [Cell(name, recipe, size=128, photos=size) for name, recipe in recipes.items()]


def table(found: dict[int, list[File]]) -> str:
    """Product recall@1 of rescored bits: a line for each way, a column for each size."""
    rows: dict[str, dict[int, float]] = {}
    for size, files in found.items():
        for own in files:
            rows.setdefault(own["cell"]["name"], {})[size] = first_right(own, "seen")
    lines = [f"| | {' | '.join(f'{size:,} photos' for size in found)} |", "|---" * (len(found) + 1) + "|"]
    for name, row in rows.items():
        figures = " | ".join(f"{row[size]:.3f}" if size in row else "" for size in found)
        lines.append(f"| {_said(name)} | {figures} |")
    return "\n".join(lines)


def _said(name: str) -> str:
    training, _, finish = name.partition(":")
    if training == FITTED:
        return "only fitted (`--epochs 0`)"
    epochs = training.removeprefix("few-")
    return f"{epochs} epochs" + (", averaged (½)" if finish == "average=0.5" else "")


def claims_of(size: int, files: list[File]) -> list[Claim]:
    """What training adds to fitting, in paired differences."""
    hits = {own["cell"]["name"]: marks(own["protocols"]["seen"], "bits_rescored", "product@1") for own in files}
    made = []
    for name, own in hits.items():
        if name != FITTED and FITTED in hits:
            said = f"{size:,} photos: {_said(name)} − only fitted, product R@1"
            made.append(difference(said, own, hits[FITTED]))
    return made


def main() -> None:
    so_far = "so-far" in sys.argv
    found: dict[int, list[File]] = {}
    for size in SIZES:
        cells = cells_of(size)
        found[size] = [own for cell in cells if (own := kept_of(cell))] if so_far else run(cells)
    if not QUICK:
        replace_block("recognition.md", "few", table(found))
    figures: dict[str, Any] = {
        str(size): {own["cell"]["name"]: round(first_right(own, "seen"), 4) for own in files}
        for size, files in found.items()
    }
    claims = [own for size, files in found.items() for own in claims_of(size, files)]
    write("recognition_few", "How many photos training wants: 128 px, small shops", figures, claims)


if __name__ == "__main__":
    main()
