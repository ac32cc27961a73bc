"""The outlines of the sample's kinds of products, one file per meta category."""

from twinshot.sample.shapes import bags, clothing, home, kitchen, shoes, toys
from twinshot.sample.shapes.shape import Shape

SHAPES: tuple[Shape, ...] = shoes.SHAPES + kitchen.SHAPES + bags.SHAPES + clothing.SHAPES + toys.SHAPES + home.SHAPES
"""Every leaf of the sample's hierarchy."""

__all__ = ["SHAPES", "Shape"]
