"""What stands behind a product: a wall, a gradient, a texture, or clutter."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from twinshot.sample.product import PALETTE

Floats = npt.NDArray[np.float32]


def background(rng: np.random.Generator, side: int) -> Image.Image:
    """One of the four kinds, RGB, side × side."""
    kinds: tuple[Callable[[np.random.Generator, int], Image.Image], ...] = (_plain, _gradient, _texture, _clutter)
    return kinds[int(rng.choice(4, p=(0.25, 0.25, 0.25, 0.25)))](rng, side)


def _tone(rng: np.random.Generator) -> Floats:
    """A wall or table: a palette colour, more or less washed out, or a plain grey."""
    colour = np.array(list(PALETTE.values())[int(rng.integers(len(PALETTE)))], dtype=np.float32)
    grey = np.float32(rng.uniform(110, 240))
    return grey + (colour - grey) * np.float32(rng.choice((0.0, 0.15, 0.3, 0.6)))


def _image(values: Floats) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def _plain(rng: np.random.Generator, side: int) -> Image.Image:
    return _image(np.broadcast_to(_tone(rng), (side, side, 3)))


def _gradient(rng: np.random.Generator, side: int) -> Image.Image:
    angle = rng.uniform(0, 2 * np.pi)
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, side), np.linspace(-0.5, 0.5, side))
    share = (0.5 + 0.7 * (x * np.cos(angle) + y * np.sin(angle))).astype(np.float32)[..., None]
    return _image(_tone(rng) * (1 - share) + _tone(rng) * share)


def _texture(rng: np.random.Generator, side: int) -> Image.Image:
    """Smooth noise of three scales between two tones; stretched one way it looks like wood or cloth."""
    stretch = int(rng.choice((1, 1, 4)))
    noise = np.zeros((side, side), dtype=np.float32)
    for cells, strength in ((3, 0.5), (9, 0.3), (30, 0.2)):
        grid = rng.random((cells * stretch, cells), dtype=np.float32)
        grown = Image.fromarray(grid).resize((side, side), Image.Resampling.BICUBIC)
        noise += strength * np.asarray(grown)
    share = np.clip(noise * 2 - 0.5, 0, 1)[..., None]
    return _image(_tone(rng) * (1 - share) + _tone(rng) * share)


def _clutter(rng: np.random.Generator, side: int) -> Image.Image:
    """Other things lying about: discs, boxes and wedges in the products' own colours, out of focus or not."""
    image = _gradient(rng, side)
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(6, 14))):
        red, green, blue = (int(value) for value in _tone(rng))
        x, y, reach = *rng.uniform(0, side, 2), rng.uniform(0.06, 0.24) * side
        kind = int(rng.integers(3))
        if kind == 0:
            pen.ellipse((x - reach, y - reach * 0.8, x + reach, y + reach * 0.8), fill=(red, green, blue))
        else:
            corners = 4 if kind == 1 else 3
            turn = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(corners) / corners
            outline = [(float(x + reach * np.cos(a)), float(y + reach * np.sin(a))) for a in turn]
            pen.polygon(outline, fill=(red, green, blue))
    return image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 2.2))))
