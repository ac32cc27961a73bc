"""Which training, and which finish: the first, small round of the study: make bench-recognition-screen.

Photos of 128 px, four epochs, one seed, two folds over leaves: enough to drop what is clearly worse. Unseen products
decide; of what forgets more or less, a training on clothes that is asked groceries shows how much.
`python -m benchmarks.recognition_screen 1` runs the cells of fold 1 alone, `transfer` those trained on clothes, so that
two cores share the work. QUICK=1: the first of each kind, one fold, no clothes.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.recognition import run
from benchmarks.result import QUICK, Claim, claim, write
from benchmarks.study.cell import Cell, Value
from benchmarks.study.figures import pooled, spread
from benchmarks.study.page import replace_block
from benchmarks.study.screen import Line, markdown, plot
from model_export.projection import Method

SCREEN_FOLDS = (0,) if QUICK else (0, 1)
BASE: dict[str, Value] = {"epochs": 4}

TERMS: dict[str, dict[str, Value]] = {
    "categories": {"target_code": 0, "instance": 0, "balance": 0},
    "default": {},
    "flat": {"instance": 0, "balance": 0},
    "kin": {"instance": 0, "balance": 0, "kinship": 0.5},
    "identity": {"balance": 0},
    "kin-identity": {"kinship": 0.5},
    "instance-only": {"hierarchy": 0, "target_code": 0, "balance": 0},
    "views": {"positives": "photo"},
    "geometry": {"geometry": 1},
    "low-rate": {"lr_backbone": 1e-4},
    "layer-decay": {"layer_decay": 0.7},
    "average-pooling": {"pooling": "average"},
    "background": {"background": 0.3},
    "phone": {"background": 0.3, "occlusion": 0.2, "jpeg": 0.5, "blur": 0.4, "perspective": 0.2},
    "bank": {"bank": 1024},
    "together": {"together": 4},
    "nested": {"nested": "true"},
    "divided": {"target_bits": 128},
}
"""What is trained: each differs from the default as it says."""

FINISHES: dict[str, tuple[dict[str, Value], Method]] = {
    "default:average=0.25": ({"average": 0.25}, "whiten"),
    "default:average=0.75": ({"average": 0.75}, "whiten"),
    "default:average=1": ({"average": 1.0}, "whiten"),
    "geometry:average=1": ({"average": 1.0, "geometry": 1}, "whiten"),
    "low-rate:average=1": ({"average": 1.0, "lr_backbone": 1e-4}, "whiten"),
    "layer-decay:average=1": ({"average": 1.0, "layer_decay": 0.7}, "whiten"),
    "default:pca": ({}, "pca"),
    "default:itq": ({}, "itq"),
    "default:head": ({"head": "trained"}, "whiten"),
    "default:average=1,head": ({"average": 1.0, "head": "trained"}, "whiten"),
    "nested:average=1,head": ({"average": 1.0, "head": "trained", "nested": "true"}, "whiten"),
    "divided:average=1,head": ({"average": 1.0, "head": "trained", "target_bits": 128}, "whiten"),
}
"""The same training, finished differently."""


FORGETS = ("default", "geometry", "low-rate", "layer-decay")
"""Trainings that are also given clothes alone, each with all its averages."""
BASELINE = Cell("untrained-pca", {"epochs": 0, "pooling": "average"}, projection="pca", size=128)


def cells(fold: int) -> list[Cell]:
    """All cells of a fold, the most telling first."""
    found = [replace(BASELINE, fold=fold), Cell("untrained", {"epochs": 0}, size=128, fold=fold)]
    found += [Cell(name, {**BASE, **recipe}, size=128, fold=fold) for name, recipe in TERMS.items()]
    for name, (recipe, projection) in FINISHES.items():
        found.append(Cell(name, {**BASE, **recipe}, projection=projection, size=128, fold=fold))
    return found[:4] if QUICK else found


def transfer_cells() -> list[Cell]:
    """What is trained on clothes and asked groceries: `FORGETS` and their averages."""
    if QUICK:
        return []
    found = [cell for cell in cells(0) if cell.name.partition(":average=")[0] in FORGETS and "," not in cell.name]
    return [replace(cell, fold=None, catalogue="clothing") for cell in found]


def lines_of(found: Sequence[Sequence[dict[str, Any]]], transferred: Sequence[dict[str, Any]] = ()) -> list[Line]:
    """One line for each name, over the folds; `found`: for each fold its cells' files, in one order."""
    by_name = [pooled(of_name) for of_name in zip(*found, strict=True)]
    default = next(own for own in by_name if own.name == "default")
    elsewhere = {str(own["cell"]["name"]): own for own in transferred}
    return [Line.of(own, default, elsewhere.get(own.name)) for own in by_name]


def main() -> None:
    if only := sys.argv[1:]:
        for name in only:
            run([*transfer_cells(), BASELINE] if name == "transfer" else cells(int(name)))
        return
    found = [run(cells(fold)) for fold in SCREEN_FOLDS]
    lines = lines_of(found, run(transfer_cells()))
    untrained = run([BASELINE])[0]["protocols"]["seen"]["float"]["product"]["recall@1"]
    note = f"Transfer: the untrained floats have {untrained:.3f}."
    replace_block("recognition.md", "screen", f"{markdown(lines)}\n{note}\n")
    plot(lines)
    write(
        "recognition_screen",
        "Recognition: which training, which finish (128 px, 4 epochs, 2 folds)",
        {line.name: line.as_json() for line in lines},
        [_claim(line) for line in lines],
    )


def _claim(line: Line) -> Claim:
    return claim(f"{line.name}: unseen product R@1", line.unseen, "", None, "higher", spread(line.against_default))


if __name__ == "__main__":
    main()
