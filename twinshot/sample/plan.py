"""Which products the sample has: the same for the same seed."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np

from twinshot.sample.product import ACCENTS, EMBLEMS, PALETTE, PATTERNS, STRIPES, TRIMS, Design, Product, Role
from twinshot.sample.shapes import SHAPES, Shape

PAIRS_PER_LEAF: dict[Role, int] = {"seen": 1, "trained": 2, "unseen": 1}
"""Near-twins: pairs of products that differ in one detail."""
SINGLES_PER_LEAF: dict[Role, int] = {"seen": 2, "unseen": 2}
STRANGERS = 12


def plan(seed: int) -> list[Product]:
    """All products: per leaf some pairs and singles of each role, and a stranger in every other leaf."""
    products: list[Product] = []
    numbers = count(1)
    for leaf, shape in enumerate(SHAPES):
        rng = np.random.default_rng([seed, leaf])
        taken: list[Design] = []
        groups: list[tuple[Role, int]] = [
            *((role, 2) for role, pairs in PAIRS_PER_LEAF.items() for _ in range(pairs)),
            *((role, 1) for role, singles in SINGLES_PER_LEAF.items() for _ in range(singles)),
        ]
        if leaf % (len(SHAPES) // STRANGERS) == 0:
            groups.append(("stranger", 1))
        for place, (role, size) in enumerate(groups):
            designs = _group(rng, shape, taken, size, place + leaf)
            taken += designs
            ids = [f"P{next(numbers):04d}" for _ in designs]
            for own, (name, design) in enumerate(zip(ids, designs, strict=True)):
                twin = ids[1 - own] if size == 2 else None
                products.append(Product(name, design, role, twin, len(products)))
    return products


def _group(rng: np.random.Generator, shape: Shape, taken: list[Design], size: int, turn: int) -> list[Design]:
    """One design, or two that differ in one detail; each differs from all of `taken` in at least two choices."""
    while True:
        first = random_design(rng, shape)
        designs = [first] if size == 1 else [first, _twin(rng, first, turn)]
        if any(design.pattern == "plain" and design.emblem is None for design in designs):
            continue  # its accent would be a choice that nobody sees
        if size == 2 and designs[0].differences(designs[1]) != 1:
            continue
        if all(design.differences(other) >= 2 for design in designs for other in taken):
            return designs


def random_design(rng: np.random.Generator, shape: Shape, emblems: Sequence[str | None] = (None, *EMBLEMS)) -> Design:
    """A product of `shape` with all the rest drawn at random; its emblem is one of `emblems`."""
    colour = str(rng.choice(list(PALETTE)))
    return Design(
        shape=shape,
        colour=colour,
        accent=str(rng.choice(accents(colour))),
        trim=str(rng.choice(list(TRIMS))),
        pattern=str(rng.choice(PATTERNS)),
        emblem=rng.choice(np.array(emblems, dtype=object)),
        detail=rng.choice([None, *shape.details]),  # type: ignore[arg-type]
    )


def _twin(rng: np.random.Generator, design: Design, turn: int) -> Design:
    """`design` with one detail changed; which kind of detail goes round with `turn`."""
    kind = turn % 4
    if kind == 0:
        return replace(design, emblem=None if design.emblem else str(rng.choice(EMBLEMS)))
    if kind == 1:
        return replace(design, detail=None if design.detail else str(rng.choice(list(design.shape.details))))
    if kind == 2:
        return replace(design, accent=str(rng.choice(accents(design.colour))))
    if design.pattern not in STRIPES:
        return design
    return replace(design, pattern=str(rng.choice(STRIPES)))


def accents(colour: str) -> list[str]:
    """The accents that stand out from a body colour."""
    return [name for name in ACCENTS if _contrast(colour, name) > 62]


def _contrast(colour: str, accent: str) -> float:
    """The difference of luma (ITU-R BT.601), 0 to 255."""
    return abs(float(np.dot(np.subtract(PALETTE[colour], ACCENTS[accent]), (0.299, 0.587, 0.114))))
