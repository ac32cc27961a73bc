"""Which training, and which finish: the first, small round of the study: make bench-recognition-screen.

Photos of 128 px, four epochs, one seed, two folds over leaves: enough to drop what is clearly worse. Unseen products
decide. What forgets less is also trained on clothes alone (no product ids) and asked all groceries, and trained on
fruit and vegetables (with product ids) and asked packages. `python -m benchmarks.recognition_screen 1` runs the cells
of fold 1 alone, `clothes` and `greens` those of these two, so that two cores share the work. QUICK=1: the first of
each kind, one fold, not these two.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.recognition import run
from benchmarks.result import QUICK, Claim, claim, write
from benchmarks.study.cell import Cell, Value
from benchmarks.study.figures import File, first_right, pooled, spread
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
    "probe": {"probe": "true"},
    "frozen-norm": {"frozen_norm": "true"},
    "probe-frozen-norm": {"probe": "true", "frozen_norm": "true"},
    "average-pooling": {"pooling": "average"},
    "background": {"background": 0.3},
    "phone": {"background": 0.3, "occlusion": 0.2, "jpeg": 0.5, "blur": 0.4, "perspective": 0.2},
    "bank": {"bank": 1024},
    "together": {"together": 4},
    "nested": {"nested": "true"},
    "divided": {"target_bits": 128},
    "longer": {"epochs": 8},
}
"""What is trained: each differs from the default as it says."""

FINISHES: dict[str, tuple[dict[str, Value], Method]] = {
    "default:average=0.25": ({"average": 0.25}, "whiten"),
    "default:average=0.75": ({"average": 0.75}, "whiten"),
    "default:average=1": ({"average": 1.0}, "whiten"),
    "geometry:average=1": ({"average": 1.0, "geometry": 1}, "whiten"),
    "low-rate:average=1": ({"average": 1.0, "lr_backbone": 1e-4}, "whiten"),
    "layer-decay:average=1": ({"average": 1.0, "layer_decay": 0.7}, "whiten"),
    "probe:average=1": ({"average": 1.0, "probe": "true"}, "whiten"),
    "frozen-norm:average=1": ({"average": 1.0, "frozen_norm": "true"}, "whiten"),
    "probe-frozen-norm:average=0.75": ({"average": 0.75, "probe": "true", "frozen_norm": "true"}, "whiten"),
    "probe-frozen-norm:average=1": ({"average": 1.0, "probe": "true", "frozen_norm": "true"}, "whiten"),
    "longer:average=1": ({"average": 1.0, "epochs": 8}, "whiten"),
    "default:pca": ({}, "pca"),
    "default:itq": ({}, "itq"),
    "default:head": ({"head": "trained"}, "whiten"),
    "default:average=1,head": ({"average": 1.0, "head": "trained"}, "whiten"),
    "nested:average=1,head": ({"average": 1.0, "head": "trained", "nested": "true"}, "whiten"),
    "divided:average=1,head": ({"average": 1.0, "head": "trained", "target_bits": 128}, "whiten"),
}
"""The same training, finished differently."""


FORGETS = ("untrained", "default", "geometry", "low-rate", "layer-decay", "probe", "frozen-norm", "probe-frozen-norm")
"""What is also tried far from home, each with all its averages."""
BASELINE = Cell("untrained-pca", {"epochs": 0, "pooling": "average"}, projection="pca", size=128)


def cells(fold: int) -> list[Cell]:
    """All cells of a fold, the most telling first."""
    found = [replace(BASELINE, fold=fold), Cell("untrained", {"epochs": 0}, size=128, fold=fold)]
    found += [Cell(name, {**BASE, **recipe}, size=128, fold=fold) for name, recipe in TERMS.items()]
    for name, (recipe, projection) in FINISHES.items():
        found.append(Cell(name, {**BASE, **recipe}, projection=projection, size=128, fold=fold))
    return found[:4] if QUICK else found


def forgetting() -> list[Cell]:
    """`FORGETS` and their averages, of no fold yet."""
    kept = [cell for cell in cells(0) if cell.name.partition(":average=")[0] in FORGETS and "," not in cell.name]
    return [] if QUICK else [replace(cell, fold=None) for cell in kept]


def clothes() -> list[Cell]:
    """Trained on clothes, asked groceries; and the untrained baseline that is asked the same."""
    return [BASELINE, *(replace(cell, catalogue="clothing") for cell in forgetting())]


def greens() -> list[Cell]:
    """Trained on fruit and vegetables, asked packages; and the untrained baseline that is asked the same."""
    return [replace(cell, fold="Packages") for cell in (BASELINE, *forgetting())]


def lines_of(
    folds: Sequence[Sequence[File]], of_clothes: Sequence[File] = (), of_greens: Sequence[File] = ()
) -> list[Line]:
    """One line for each name, over the folds; `folds`: for each fold its cells' files, in one order."""
    by_name = [pooled(of_name) for of_name in zip(*folds, strict=True)]
    default = next(own for own in by_name if own.name == "default")
    far = {own["cell"]["name"]: first_right(own, "transfer") for own in of_clothes if "transfer" in own["protocols"]}
    new = {own["cell"]["name"]: first_right(own, "unseen") for own in of_greens}
    return [Line.of(own, default, far.get(own.name), new.get(own.name)) for own in by_name]


def main() -> None:
    if only := sys.argv[1:]:
        for name in only:
            run(clothes() if name == "clothes" else greens() if name == "greens" else cells(int(name)))
        return
    found = [run(cells(fold)) for fold in SCREEN_FOLDS]
    of_clothes, of_greens = run(clothes()), run(greens())
    lines = lines_of(found, of_clothes, of_greens)
    floats = first_right(of_clothes[0], "seen", "float"), first_right(of_greens[0], "unseen", "float")
    note = f"The untrained floats have {floats[0]:.3f} after clothes and {floats[1]:.3f} after greens."
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
