"""A photo of a product: its angle, place, shadow, light and focus, all drawn from one random generator."""

from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageFilter

from twinshot.sample.scene import background

SIDE = 144
"""Side of a photo in pixels."""


def photograph(cutout: Image.Image, rng: np.random.Generator) -> bytes:
    """A JPEG of SIDE × SIDE pixels. `cutout`: RGBA, square."""
    placed = cutout.transform(
        (SIDE, SIDE), Image.Transform.PERSPECTIVE, _view(rng, cutout.width), Image.Resampling.BICUBIC
    )
    picture = background(rng, SIDE)
    _cast_shadow(picture, placed.getchannel("A"), rng)
    picture.paste(placed, mask=placed.getchannel("A"))
    blur = rng.uniform(-0.5, 0.65)
    if blur > 0.2:
        picture = picture.filter(ImageFilter.GaussianBlur(float(blur)))
    lit = Image.fromarray(_light(np.asarray(picture, dtype=np.float32), rng))
    file = BytesIO()
    lit.save(file, "JPEG", quality=int(rng.integers(70, 93)))
    return file.getvalue()


def _view(rng: np.random.Generator, size: int) -> list[float]:
    """The eight numbers of Pillow's PERSPECTIVE: where each pixel of the photo looks at in the cutout."""
    scale, turn = rng.uniform(0.93, 1.03), np.deg2rad(rng.uniform(-8, 8))
    squeeze = np.array([rng.uniform(0.9, 1.0), rng.uniform(0.94, 1.0)])
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    rotation = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
    seen = (corners * squeeze * scale) @ rotation.T + rng.uniform(-0.02, 0.02, (4, 2)) + rng.uniform(-0.025, 0.025, 2)
    return _homography((seen + 0.5) * SIDE, (corners + 0.5) * size)


def _homography(source: npt.NDArray[np.float64], target: npt.NDArray[np.float64]) -> list[float]:
    """a…h with target = ((ax + by + c) / (gx + hy + 1), (dx + ey + f) / (gx + hy + 1)) at four points."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    return [float(value) for value in np.linalg.solve(np.array(rows), target.reshape(-1))]


def _cast_shadow(picture: Image.Image, alpha: Image.Image, rng: np.random.Generator) -> None:
    dx, dy = (int(value) for value in rng.integers((-9, 2), (10, 11)))
    strength = float(rng.uniform(0.15, 0.6))
    shadow = ImageChops.offset(alpha, dx, dy).filter(ImageFilter.BoxBlur(float(rng.uniform(1.5, 5))))
    picture.paste((18, 16, 20), mask=shadow.point(lambda value: value * strength))


def _light(pixels: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Colour temperature, brightness, contrast, light from one side, noise of the sensor."""
    warmth, green = rng.normal(0, 0.04), rng.normal(0, 0.012)
    gain = rng.uniform(0.8, 1.15) * np.exp(np.array([warmth, green, -warmth]))
    contrast = rng.uniform(0.88, 1.1)
    angle, fall = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.22)
    x, y = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))
    side = 1 + fall * (x * np.cos(angle) + y * np.sin(angle))
    lit = ((pixels - 128) * contrast + 128) * gain * side[..., None]
    noise = rng.standard_normal(pixels.shape, dtype=np.float32) * rng.uniform(0.5, 3.5)
    taken: npt.NDArray[np.uint8] = np.clip(lit + noise, 0, 255).astype(np.uint8)
    return taken
