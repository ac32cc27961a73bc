"""Which listings a drawn eProduct has: numbered categories with a long tail, groups of photos of one product that the
queries look for, and distractors, half of them from the same leaves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, cycle, islice
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import numpy.typing as npt

from twinshot.sample.plan import accents
from twinshot.sample.product import EMBLEMS, PALETTE, PATTERNS, TRIMS, Design
from twinshot.sample.shapes import SHAPES

TAIL = 54
"""Training photos of the largest leaf ÷ of the smallest, as in eProduct (5,218 ÷ 96)."""
GROUP_SIZES = (1, 3, 5, 12, 2, 8)
"""Right photos of a group, in turn: some have more than the ten that are looked at. Two queries ask for each."""
MOST_LEAVES = len(SHAPES) * len(PALETTE) * len(PATTERNS)

_ASKED, _DISTRACTING, _TRAINED = 0, 2, 6
"""Where each part begins among the designs of a leaf: queries never show what was trained on."""
_DESIGNS = 10
_BEFORE = ("", "", "NEW ", "Vintage ", 'Boxed, "as is": ')
_AFTER = ("", "", ", free shipping", " L@@K", " size 9")

Leaves = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is drawn: by default the categories of the real data set, with far fewer photos."""

    meta: int = 16
    level2: int = 75
    leaves: int = 1000
    train: int = 3000
    val: int = 300
    index: int = 3000
    queries: int = 300

    def __post_init__(self) -> None:
        if not 0 < self.meta <= self.level2 <= self.leaves <= min(self.train, MOST_LEAVES):
            raise ValueError(f"{self}: each category needs one below it, each of up to {MOST_LEAVES} leaves a photo")
        if self.groups > 2 * self.leaves or sum(self.group_sizes) > self.index:
            raise ValueError(f"{self}: too many queries for so few leaves, or for so small an index")

    @property
    def groups(self) -> int:
        """Products that queries show."""
        return max(1, self.queries // 2)

    @property
    def group_sizes(self) -> list[int]:
        """The right photos of each group."""
        return list(islice(cycle(GROUP_SIZES), self.groups))

    def path(self, leaf: int) -> tuple[int, int, int]:
        """The numbers of a leaf's meta category, of its level 2, and its own; each level counts from 0."""
        level2 = leaf * self.level2 // self.leaves
        return level2 * self.meta // self.level2, level2, leaf


@dataclass(frozen=True, slots=True)
class Listing:
    """One photo; those of equal `design` and `take` are the same byte for byte. `group`: whose answer or query it is,
    None for all others.
    """

    uuid: str
    split: str
    leaf: int
    design: Design
    take: int
    title: str
    group: int | None


@dataclass(frozen=True, slots=True)
class _Shot:
    leaf: int
    design: int
    take: int
    group: int | None = None


def listings(size: Size, seed: int) -> Iterator[Listing]:
    """Every photo: train, val, index, query_part1. Equal arguments give equal listings."""
    rng = np.random.default_rng([seed, 0])
    weights = np.geomspace(TAIL, 1, size.leaves)[rng.permutation(size.leaves)]
    pool = lru_cache(maxsize=None)(lambda leaf: _designs(leaf, size.leaves, seed))
    numbers = count()
    for split, shots in _shots(size, weights, rng):
        for shot in shots:
            number = next(numbers)
            design = pool(shot.leaf)[shot.design]
            uuid = str(uuid5(NAMESPACE_URL, f"drawn eProduct {seed} {number}"))
            yield Listing(uuid, split, shot.leaf, design, shot.take, _title(design, number), shot.group)


def _shots(size: Size, weights: Weights, rng: np.random.Generator) -> Iterator[tuple[str, Iterator[_Shot]]]:
    takes = count()
    often = _spread(weights, size.train - size.leaves, rng)
    yield "train", _trained(rng.permutation(np.concatenate([np.arange(size.leaves), often])), takes)
    yield "val", _trained(_spread(weights, size.val, rng), takes)
    asked = rng.permutation(size.leaves)[: -(-size.groups // 2)]
    groups = [(int(asked[number // 2]), _ASKED + number % 2) for number in range(size.groups)]
    yield "index", _shelf(size, groups, weights, rng, takes)
    turns = (number % size.groups for number in range(size.queries))
    yield "query_part1", (_Shot(*groups[group], next(takes), group) for group in turns)


def _trained(leaves: Leaves, takes: "count[int]") -> Iterator[_Shot]:
    for place, leaf in enumerate(leaves.tolist()):
        yield _Shot(leaf, _TRAINED + place % (_DESIGNS - _TRAINED), next(takes))


def _shelf(
    size: Size, groups: list[tuple[int, int]], weights: Weights, rng: np.random.Generator, takes: "count[int]"
) -> Iterator[_Shot]:
    """The right photos of each group among distractors, in random order. Where two photos of one product meet, every
    third is a copy of the one before: shops list the same picture again.
    """
    right = [(*groups[group], group) for group, photos in enumerate(size.group_sizes) for _ in range(photos)]
    others = size.index - len(right)
    near = np.array([groups[number % size.groups][0] for number in range(others // 2)], dtype=np.int64)
    leaves = np.concatenate([near, _spread(weights, others - len(near), rng)])
    kinds = _TRAINED - _DISTRACTING
    wrong = [(leaf, _DISTRACTING + place % kinds, None) for place, leaf in enumerate(leaves.tolist())]
    shots: list[_Shot] = []
    for place, (leaf, design, group) in enumerate([*right, *wrong]):
        before = shots[-1] if shots else None
        again = before is not None and place % 3 == 0 and (before.leaf, before.design) == (leaf, design)
        shots.append(_Shot(leaf, design, before.take if before and again else next(takes), group))
    return (shots[place] for place in rng.permutation(len(shots)).tolist())


def _spread(weights: Weights, total: int, rng: np.random.Generator) -> Leaves:
    """`total` leaves in random order, each as often as its weight says."""
    counts = np.floor(total * weights / weights.sum()).astype(np.int64)
    counts[np.argsort(-weights)[: total - int(counts.sum())]] += 1
    return rng.permutation(np.repeat(np.arange(len(weights)), counts))


def _designs(leaf: int, leaves: int, seed: int) -> tuple[Design, ...]:
    """The products of a leaf: one shape, colour and pattern; they differ in what the category does not say."""
    kinds = len(PALETTE) * len(PATTERNS)
    place, rest = divmod(leaf * MOST_LEAVES // leaves, kinds)
    turned = (rest + 7 * place) % kinds  # else a few leaves would all be red and plain
    shape, colour, pattern = SHAPES[place], list(PALETTE)[turned // len(PATTERNS)], PATTERNS[turned % len(PATTERNS)]
    rng = np.random.default_rng([seed, 1, leaf])
    found: dict[str, Design] = {}
    while len(found) < _DESIGNS:
        design = Design(
            shape=shape,
            colour=colour,
            accent=str(rng.choice(accents(colour))),
            trim=str(rng.choice(list(TRIMS))),
            pattern=pattern,
            emblem=str(rng.choice(EMBLEMS)),  # without one the accent of a plain product would be seen nowhere
            detail=rng.choice([None, *shape.details]),  # type: ignore[arg-type]
        )
        found.setdefault(design.title, design)
    return tuple(found.values())


def _title(design: Design, number: int) -> str:
    """As sellers write it, commas and quotes included."""
    return f"{_BEFORE[number % len(_BEFORE)]}{design.title}{_AFTER[number // 3 % len(_AFTER)]}"
