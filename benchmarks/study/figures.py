"""From the files of cells to figures: folds are pooled query by query."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Marks = npt.NDArray[np.float64]
File = dict[str, Any]
"""The file of a cell, read."""


def marks(protocol: File, kind: str, of: str) -> Marks:
    """1 or 0 for each query of a protocol; `kind` such as bits_rescored, `of` such as product@1."""
    return np.array([float(mark) for mark in protocol["hits"][kind][of]])


def first_right(found: File, protocol: str, kind: str = "bits_rescored") -> float:
    """Product recall@1 of one file."""
    return float(marks(found["protocols"][protocol], kind, "product@1").mean())


@dataclass(frozen=True)
class Pooled:
    """The files of one cell over folds, and perhaps over seeds."""

    found: tuple[File, ...]

    @property
    def name(self) -> str:
        """Of the cell."""
        return str(self.found[0]["cell"]["name"])

    @property
    def cells(self) -> list[str]:
        """Which they are."""
        cells = [own["cell"] for own in self.found]
        return [f"{own['name']} fold {own['fold']} seed {own['seed']}" for own in cells]

    @property
    def seeds(self) -> int:
        """How many."""
        return len({own["cell"]["seed"] for own in self.found})

    def marks(self, protocol: str, kind: str, of: str = "product@1") -> Marks:
        """Of the queries of all folds, fold after fold; of several seeds the mean, query by query."""
        by_seed: dict[int, list[Marks]] = {}
        for own in sorted(self.found, key=lambda own: own["cell"]["fold"]):
            by_seed.setdefault(own["cell"]["seed"], []).append(marks(own["protocols"][protocol], kind, of))
        mean: Marks = np.mean([np.concatenate(folds) for folds in by_seed.values()], axis=0)
        return mean

    @property
    def auroc(self) -> float:
        """Mean over folds: similarities of two models are not on one scale."""
        return float(np.mean([own["protocols"]["no_match"]["auroc"] for own in self.found]))


def pooled(found: Sequence[File]) -> Pooled:
    """Files of one cell over folds."""
    return Pooled(tuple(found))


def of_whole_seeds(files: Sequence[File], folds: Sequence[int | None]) -> list[File]:
    """Those of one cell that belong to a seed of which every fold is there."""
    there: dict[int, set[int | None]] = defaultdict(set)
    for own in files:
        there[own["cell"]["seed"]].add(own["cell"]["fold"])
    return [own for own in files if there[own["cell"]["seed"]] == set(folds)]
