"""Search inside the categories that the model finds likely for a photo."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.bundle.manifest import CategorySlice
from engine.codes import Floats
from engine.index.protocol import Scope
from engine.taxonomy import Level, Taxonomy, is_under

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LikelyCategories:
    """One level of a model's taxonomy beside the categories of an index; made once, asked for every photo.

    group_of: the group of each class at the level, slice_group: that of each category of the index; −1 is none. edges:
    where each category begins, and the end. int64 [classes], [categories], [categories + 1].
    """

    groups: int
    group_of: Numbers
    slice_group: Numbers
    edges: Numbers

    @classmethod
    def of(cls, taxonomy: Taxonomy, level: Level, categories: Sequence[CategorySlice]) -> "LikelyCategories":
        """categories: sorted by their rows, as a manifest has them."""
        groups, group_of = taxonomy.level_groups(level)
        under = [[i for i, path in enumerate(groups) if is_under(own.path, path)] for own in categories]
        slice_group = np.array([own[0] if own else -1 for own in under], dtype=np.int64)
        edges = np.array([0, *(own.stop for own in categories)], dtype=np.int64)
        return cls(len(groups), group_of, slice_group, edges)

    def scope(self, probabilities: Floats, mass: float, most: int) -> Scope:
        """The rows of the fewest categories that are together as likely as `mass`, and all rows of categories that the
        model has no class for at this level: what it was never taught it cannot rule out. Every row where that takes
        more than `most` categories, or where they never get so likely (classes without a name at the level).

        probabilities: float32 [classes].
        """
        named = self.group_of >= 0
        sums = np.bincount(self.group_of[named], probabilities[named], minlength=self.groups)
        order = np.argsort(-sums, kind="stable")
        needed = int(np.searchsorted(np.cumsum(sums[order]), mass)) + 1
        if needed > min(most, self.groups):
            return ((0, int(self.edges[-1])),) if self.edges[-1] else ()
        ruled_out = np.ones(self.groups + 1, dtype=bool)
        ruled_out[order[:needed]] = ruled_out[-1] = False
        keep = np.concatenate([[False], ~ruled_out[self.slice_group], [False]])
        turns = np.flatnonzero(keep[1:] != keep[:-1])
        return tuple(zip(self.edges[turns[::2]].tolist(), self.edges[turns[1::2]].tolist(), strict=True))
