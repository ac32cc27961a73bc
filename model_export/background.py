"""The middle of a view on another ground: phone photos stand before shelves, catalogue pictures on white.

Nobody has outlined the things, so a soft shape about the middle stands for them: it cuts some away and takes some of
the ground along, which the model has to bear with real photos as well.
"""

import numpy as np
from PIL import Image, ImageFilter

WHITE = (255, 255, 255)
_CORNERS = (2.0, 4.0, 8.0)
"""Exponents of the superellipse |x/a|^p + |y/b|^p < 1: a round shape, one between, nearly a box."""


def middle(size: int, rng: np.random.Generator) -> Image.Image:
    """A mask of mode L: 255 within a random superellipse about the middle, soft at its rim."""
    half_width, half_height = rng.uniform(0.45, 0.85, 2)
    x0, y0 = rng.uniform(-0.1, 0.1, 2)
    power = rng.choice(_CORNERS)
    steps = (np.arange(size) * 2 + 1) / size - 1
    x, y = np.abs((steps - x0) / half_width) ** power, np.abs((steps - y0) / half_height) ** power
    inside = (x[None, :] + y[:, None] < 1).astype(np.uint8) * 255
    return Image.fromarray(inside).filter(ImageFilter.GaussianBlur(size / 56))


def on_ground(view: Image.Image, ground: Image.Image | None, rng: np.random.Generator) -> Image.Image:
    """The middle of an RGB `view` (square) on `ground` (RGB, any size), or on white."""
    behind = Image.new("RGB", view.size, WHITE) if ground is None else ground.resize(view.size)
    return Image.composite(view, behind, middle(view.width, rng))


def cover(view: Image.Image, rng: np.random.Generator) -> Image.Image:
    """`view` with a rectangle of 2 to 15 % of its area, anywhere, in one colour: a thumb, a price tag (random erasing:
    Zhong et al., AAAI 2020).
    """
    area, aspect = rng.uniform(0.02, 0.15), np.exp(rng.uniform(-1, 1))
    width, height = (min(1.0, float(side)) * view.width for side in (np.sqrt(area * aspect), np.sqrt(area / aspect)))
    left, top = rng.uniform(0, view.width - width), rng.uniform(0, view.height - height)
    covered = view.copy()
    red, green, blue = (int(v) for v in rng.integers(0, 256, 3))
    covered.paste((red, green, blue), (round(left), round(top), round(left + width), round(top + height)))
    return covered
