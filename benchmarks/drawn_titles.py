"""Drawn photos whose category is their shape alone; all else that a product is, only its title says.

Each training photo is a product of its own, as in eProduct. What is indexed and asked was never trained on: pairs of
products of one leaf that differ in one thing.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from twinshot.sample.camera import photograph
from twinshot.sample.cutout import draw
from twinshot.sample.plan import accents, random_design
from twinshot.sample.product import EMBLEMS, Design
from twinshot.sample.shapes import SHAPES
from twinshot.sample.shapes.shape import Shape

COLUMNS = ("image", "image_id", "product_id", "meta", "level2", "leaf", "title", "split")
LEFT_OUT = 0.25
"""Probability that a seller does not mention a thing."""
BEFORE = ("", "", "NEW", "Vintage", "Rare", "Boxed, as is:", "L@@K", "Lot of 1:")
AFTER = ("", "", "free shipping", "size {size}", "great gift idea", "ref {code}", "100% original")


@dataclass(frozen=True)
class Amount:
    """Of each leaf: training photos, and pairs of products that are asked for, each with photos of both kinds."""

    train: int
    pairs: int
    indexed: int = 2
    asked: int = 2


def write_catalogue(folder: Path, amount: Amount, seed: int) -> Path:
    """Draw everything under `folder`; the path of its catalogue.csv. Equal arguments give equal bytes."""
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    path = folder / "catalogue.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number, (product, design, split) in enumerate(_shots(amount, seed)):
            name = f"{number:05}"
            rng = np.random.default_rng([seed, 1, number])
            (folder / "photos" / f"{name}.jpg").write_bytes(photograph(draw(design), rng))
            category = (design.shape.meta, design.shape.level2, design.shape.leaf) if split != "val" else ("", "", "")
            rows.writerow([f"photos/{name}.jpg", name, product, *category, seller_title(design, rng), split])
    return path


def seller_title(design: Design, rng: np.random.Generator) -> str:
    """`Rare, brown trim, Red low sneaker, white star, ref b41c`: in any order, some things left out, and noise."""
    counted = design.pattern.split(" ")
    pattern = "plain" if design.pattern == "plain" else " ".join([*counted[:-1], design.accent, counted[-1]])
    said = [
        pattern,
        f"{design.accent} {design.emblem}",
        f"{design.trim} trim",
        *([design.detail] * bool(design.detail)),
    ]
    parts = [part for part in said if rng.random() >= LEFT_OUT]
    colour = f"{design.colour} " if rng.random() >= LEFT_OUT else ""
    parts.append(f"{colour}{design.shape.leaf.lower()}")
    parts = [parts[place] for place in rng.permutation(len(parts))]
    noise = {"size": rng.integers(4, 13), "code": f"{rng.integers(16**4):04x}"}
    last = str(rng.choice(AFTER)).format(**noise)
    return ", ".join(filter(None, (str(rng.choice(BEFORE)), *parts, last)))


def _shots(amount: Amount, seed: int) -> Iterator[tuple[str, Design, str]]:
    """Product id (none in training), design and split of every photo. The one of `val` has no answer: nothing steers,
    each training is judged after its last epoch.
    """
    yield "", random_design(np.random.default_rng([seed, 2]), SHAPES[0], EMBLEMS), "val"
    for leaf, shape in enumerate(SHAPES):
        rng = np.random.default_rng([seed, 0, leaf])
        asked: list[Design] = []
        for pair in range(amount.pairs):
            for own, design in enumerate(_twins(shape, asked, pair + leaf, rng)):
                asked.append(design)
                for split, photos in (("index", amount.indexed), ("query", amount.asked)):
                    yield from ((f"P{leaf}-{pair}-{own}", design, split) for _ in range(photos))
        trained = 0
        while trained < amount.train:
            if (design := random_design(rng, shape, EMBLEMS)) not in asked:
                trained += 1
                yield "", design, "train"


def _twins(shape: Shape, taken: list[Design], turn: int, rng: np.random.Generator) -> tuple[Design, Design]:
    """Two products that differ in one thing, which goes round with `turn`; both are new."""
    thing = ("emblem", "trim", "pattern", "colour", "detail")[turn % 5]
    while True:
        first, other = random_design(rng, shape, EMBLEMS), random_design(rng, shape, EMBLEMS)
        second = replace(first, **{thing: getattr(other, thing)})
        seen = second.accent in accents(second.colour)
        if seen and first != second and not {first, second} & {*taken}:
            return first, second
