"""The real photos of the study, as catalogues of some of their rows.

Rows of `test` are written into one only where that is asked for: by what scores them
(benchmarks/recognition_held_out.py).
"""

import csv
import os
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from benchmarks.result import PROJECT
from engine.taxonomy import Path3

SHARED = PROJECT / os.environ.get("TWINSHOT_SHARED", "../shared")
WEIGHTS = SHARED / "weights" / "timm_mobilenetv2_100_features.safetensors"
FOLDS = 5

Record = dict[str, str]
Name = Literal["grocery", "clothing"]
Fold = int | Literal["Packages"]
"""What a training does not see: one of five parts of the leaves, or a whole kind of things."""


def folder(name: Name) -> Path:
    """Where the photos of a catalogue are."""
    return SHARED / "data" / name


@cache
def records(name: Name, test: bool = False) -> tuple[Record, ...]:
    """All rows of a catalogue but those of split `test`; with `test` those of that split alone."""
    with (folder(name) / "catalogue.csv").open(newline="", encoding="utf-8") as file:
        return tuple(row for row in csv.DictReader(file) if (row["split"] == "test") == test)


@cache
def fold_of() -> dict[str, int]:
    """The fold of each grocery leaf: sorted by name, shuffled once, dealt out in turn."""
    leaves = sorted({row["leaf"] for row in records("grocery")})
    order = np.random.default_rng(0).permutation(len(leaves))
    return {leaves[leaf]: int(place) % FOLDS for place, leaf in enumerate(order)}


def leaf_by_leaf(leaves: Sequence[Hashable], size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """The places of `size` photos, of which `leaves` tells the leaf of each: one of each leaf after another, drawn."""
    order = rng.permutation(len(leaves))
    taken: Counter[Hashable] = Counter()
    turn = np.empty(len(order), dtype=np.int64)
    for at, place in enumerate(order):
        turn[at] = taken[leaves[place]]
        taken[leaves[place]] += 1
    return order[np.argsort(turn, kind="stable")[:size]]


@cache
def few(size: int) -> frozenset[str]:
    """The image ids of a small shop: `size` photos of grocery `train`; a larger one holds the smaller ones."""
    rows = [row for row in records("grocery") if row["split"] == "train"]
    places = leaf_by_leaf([row["leaf"] for row in rows], size, np.random.default_rng(0))
    return frozenset(rows[place]["image_id"] for place in places)


def write(
    name: Name, keep: Callable[[Record], bool], path: Path, without: Sequence[str] = (), test: bool = False
) -> Path:
    """The `records` that `keep` accepts as a catalogue file at `path`; the columns `without` are left empty."""
    rows = [row | dict.fromkeys(without, "") for row in records(name, test) if keep(row)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def in_fold(row: Record, fold: Fold | None) -> bool:
    """Whether the row's leaf belongs to `fold`; None is no fold."""
    return path_in_fold((row["meta"], row["level2"], row["leaf"]), fold)


def path_in_fold(path: Path3, fold: Fold | None) -> bool:
    """The same of a grocery category, which has all levels."""
    meta, _, leaf = path
    return meta == fold if isinstance(fold, str) else fold is not None and fold_of()[str(leaf)] == fold
