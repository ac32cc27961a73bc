"""Random views of a photo: one geometric resampling, one colour matrix, sometimes a blur.

Everything is drawn from the generator that is passed in, so a view depends on its seed alone and not on the number
of threads or their order. Pillow does the work: it lets other threads run meanwhile.
"""

import io
import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from engine.preprocess import Pixels
from model_export.background import cover, on_ground
from model_export.recipe import Recipe

Behind = Callable[[np.random.Generator], Image.Image]
"""Another photo, to stand behind one."""

LUMA = np.array([0.299, 0.587, 0.114])
_ASPECT = math.log(4 / 3)


def view_seed(seed: int, epoch: int, row: int, view: int) -> np.random.Generator:
    """The generator of one view of one photo in one epoch."""
    return np.random.default_rng((seed, epoch, row, view))


def augment(
    image: Image.Image, size: int, recipe: Recipe, rng: np.random.Generator, behind: Behind | None = None
) -> Pixels:
    """A random view of an RGB photo as uint8 [size, size, 3].

    A random part (share of the area ≥ `recipe.crop`, aspect 3:4 to 4:3), turned by up to `recipe.rotation` degrees,
    its corners moved by up to `recipe.perspective` of its sides, mirrored with probability `recipe.flip`; then
    brightness, contrast, saturation (± `recipe.colour`) and hue (± `recipe.hue` of a turn). Then, each with its
    probability: its middle put on white or on another photo (`recipe.background`; on white without `behind`), partly
    covered (`recipe.occlusion`), blurred (`recipe.blur`), compressed (`recipe.jpeg`).
    """
    corners = _corners(image.width, image.height, recipe, rng)
    view = image.transform((size, size), Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
    view = view.convert("RGB", _colour_matrix(recipe, rng))
    if recipe.background and rng.random() < recipe.background:
        view = on_ground(view, behind(rng) if behind is not None and rng.random() < 0.5 else None, rng)
    if recipe.occlusion and rng.random() < recipe.occlusion:
        view = cover(view, rng)
    if rng.random() < recipe.blur:
        view = view.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 1.0) * size / 112))
    if recipe.jpeg and rng.random() < recipe.jpeg:
        view = _compressed(view, int(rng.integers(20, 80)))
    return np.asarray(view)


def _compressed(view: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    view.save(file, "JPEG", quality=quality)
    return Image.open(file)


def _corners(width: int, height: int, recipe: Recipe, rng: np.random.Generator) -> Sequence[float]:
    """The source quadrilateral as x, y of its upper left, lower left, lower right and upper right corner."""
    area = width * height * rng.uniform(recipe.crop, 1.0)
    aspect = math.exp(rng.uniform(-_ASPECT, _ASPECT))
    w, h = min(math.sqrt(area * aspect), width), min(math.sqrt(area / aspect), height)
    centre = np.array([rng.uniform(w / 2, width - w / 2), rng.uniform(h / 2, height - h / 2)])
    quad = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * (w / 2, h / 2)
    angle = math.radians(rng.uniform(-recipe.rotation, recipe.rotation))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    quad = quad @ turn + rng.uniform(-0.5, 0.5, (4, 2)) * recipe.perspective * (w, h) + centre
    if rng.random() < recipe.flip:
        quad = quad[[3, 2, 1, 0]]
    # Corners outside of the photo are drawn to its edge: a slight warp instead of an invented background.
    return [float(value) for value in np.clip(quad, 0, (width, height)).ravel()]


def _colour_matrix(recipe: Recipe, rng: np.random.Generator) -> tuple[float, ...]:
    """Brightness, contrast about mid-grey, saturation and hue as one affine map of RGB: 3 rows of 4 numbers."""
    brightness, contrast, saturation = rng.uniform(1 - recipe.colour, 1 + recipe.colour, 3)
    angle = 2 * math.pi * rng.uniform(-recipe.hue, recipe.hue)
    matrix = _turn_about_grey(angle) @ (saturation * np.eye(3) + (1 - saturation) * np.tile(LUMA, (3, 1)))
    affine = np.column_stack([brightness * contrast * matrix, np.full(3, 128 * (1 - contrast))])
    return tuple(float(value) for value in affine.ravel())


def _turn_about_grey(angle: float) -> npt.NDArray[np.float64]:
    """The rotation of RGB space about its grey diagonal (Rodrigues' formula): shifts hues, leaves greys."""
    axis = np.full(3, 1 / math.sqrt(3))
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turned: npt.NDArray[np.float64] = (
        math.cos(angle) * np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * np.outer(axis, axis)
    )
    return turned
