"""The product hierarchy: meta → level 2 → leaf, and the classes a model tells apart.

A category is a path of three names, `None` where a level is not given. The classes are the deepest paths seen;
a shallower path is their parent, and its probability is the sum of theirs.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

Path3 = tuple[str | None, str | None, str | None]
Level = Literal["meta", "level2", "leaf"]
LEVELS: tuple[Level, ...] = ("meta", "level2", "leaf")
NO_PATH: Path3 = (None, None, None)


def sort_key(path: Path3) -> tuple[str, str, str]:
    """The order of categories everywhere: by name, level by level, an absent level first."""
    return (path[0] or "", path[1] or "", path[2] or "")


def is_under(path: Path3, parent: Path3) -> bool:
    """Whether `path` equals `parent` or lies below it; a level that `parent` leaves open matches anything."""
    return all(mine == theirs for mine, theirs in zip(path, parent, strict=True) if theirs is not None)


def cut(path: Path3, depth: int) -> Path3:
    """The first `depth` names of `path`, 1 to 3; the others are left open."""
    meta, level2, leaf = path
    return meta, level2 if depth > 1 else None, leaf if depth > 2 else None


class Taxonomy(BaseModel):
    """The classes of a model in the order of its output."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: tuple[Path3, ...] = ()

    @classmethod
    def from_paths(cls, paths: Iterable[Path3]) -> "Taxonomy":
        """The deepest of `paths`, sorted. A path that another one refines is a parent, not a class."""
        seen = {path for path in paths if path != NO_PATH}
        parents = {parent for path in seen for parent in _generalisations(path)}
        return cls(classes=tuple(sorted(seen - parents, key=sort_key)))

    def members(self, path: Path3) -> npt.NDArray[np.int64]:
        """The indices of the classes at or below `path`, int64 [n]."""
        return np.array([i for i, own in enumerate(self.classes) if is_under(own, path)], dtype=np.int64)

    @cached_property
    def _groups(self) -> dict[Level, tuple[tuple[Path3, ...], npt.NDArray[np.int64]]]:
        return {level: self._group(level) for level in LEVELS}

    def level_groups(self, level: Level) -> tuple[tuple[Path3, ...], npt.NDArray[np.int64]]:
        """The distinct paths cut after `level`, and for each class the index of its own: int64 [classes].

        A class that has no name at `level` gets −1. Made once; not to be written to.
        """
        return self._groups[level]

    def _group(self, level: Level) -> tuple[tuple[Path3, ...], npt.NDArray[np.int64]]:
        depth = LEVELS.index(level) + 1
        paths = [cut(own, depth) if own[depth - 1] is not None else None for own in self.classes]
        groups = sorted({path for path in paths if path is not None}, key=sort_key)
        index = {path: i for i, path in enumerate(groups)}
        return tuple(groups), np.array([-1 if path is None else index[path] for path in paths], dtype=np.int64)

    def top(self, probabilities: npt.NDArray[np.float32], level: Level, count: int = 5) -> list[tuple[str, float]]:
        """The likeliest names at `level` with their probabilities, summed over the classes below each.

        probabilities: float32 [classes].
        """
        groups, index = self.level_groups(level)
        if not groups:
            return []
        known = index >= 0
        sums = np.bincount(index[known], weights=probabilities[known], minlength=len(groups))
        best = np.argsort(-sums, kind="stable")[:count]
        name = LEVELS.index(level)
        return [(str(groups[i][name]), float(sums[i])) for i in best]


def _generalisations(path: Path3) -> Iterator[Path3]:
    """`path` with one or more of its names left open."""
    named = [i for i in range(3) if path[i] is not None]
    for size in range(len(named)):
        for kept in combinations(named, size):
            meta, level2, leaf = (path[i] if i in kept else None for i in range(3))
            yield meta, level2, leaf
