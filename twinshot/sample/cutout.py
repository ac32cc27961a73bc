"""A product's picture without surroundings: drawn three times too large, shaded, scaled down."""

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from twinshot.sample.geometry import Part
from twinshot.sample.marks import emblem_outline, pattern_mask
from twinshot.sample.product import ACCENTS, PALETTE, TRIMS, Colour, Design

SIZE = 208
"""Side of the picture in pixels."""
_FINE = 3 * SIZE
_MARGIN = 0.07
_TONES: dict[str, Colour] = {"dark": (54, 50, 54), "light": (238, 238, 232), "metal": (176, 180, 186)}

Pairs = list[tuple[float, float]]


def draw(design: Design) -> Image.Image:
    """The product on transparent ground, RGBA, SIZE × SIZE."""
    colours = _colours(design)
    picture = Image.new("RGB", (_FINE, _FINE), colours["body"])
    alpha, body = Image.new("L", picture.size), Image.new("L", picture.size)
    for part in design.shape.parts:
        _paint(picture, alpha, part, colours[part.role])
        _fill(body, part, 255 if part.role == "body" else 0)
    angle = design.shape.band[2]
    pattern = pattern_mask(design.pattern, picture.size, _pixels(np.array([design.shape.band[:2]]))[0], angle)
    picture.paste(colours["accent"], mask=ImageChops.multiply(pattern, body))
    if design.emblem is not None:
        _paint_emblem(picture, design.shape.emblem, design.emblem, design.pattern, colours)
    for part in design.shape.details.get(design.detail or "", ()):
        _paint(picture, alpha, part, colours[part.role])
    small = picture.resize((SIZE, SIZE), Image.Resampling.BOX)
    cut = alpha.resize((SIZE, SIZE), Image.Resampling.BOX)
    shaded = _shade(small, cut)
    shaded.putalpha(cut)
    return shaded


def _colours(design: Design) -> dict[str, Colour]:
    body = PALETTE[design.colour]
    return {
        **_TONES,
        "body": body,
        "shade": _darker(body, 0.72),
        "trim": TRIMS[design.trim],
        "accent": ACCENTS[design.accent],
    }


def _darker(colour: Colour, factor: float) -> Colour:
    red, green, blue = (round(value * factor) for value in colour)
    return red, green, blue


def _pixels(points: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Pairs:
    scaled = (_MARGIN + points * (1 - 2 * _MARGIN)) * _FINE
    return [(float(x), float(y)) for x, y in scaled]


def _fill(image: Image.Image, part: Part, value: int | Colour) -> None:
    pen, points = ImageDraw.Draw(image), _pixels(part.points)
    if part.width == 0:
        pen.polygon(points, fill=value)
        return
    width = round(part.width * (1 - 2 * _MARGIN) * _FINE)
    pen.line(points, fill=value, width=width, joint="curve")
    for x, y in (points[0], points[-1]):
        pen.circle((x, y), width / 2, fill=value)


def _paint(picture: Image.Image, alpha: Image.Image, part: Part, colour: Colour) -> None:
    _fill(picture, part, colour)
    _fill(alpha, part, 255)
    if part.width == 0:
        points = _pixels(part.points)
        ImageDraw.Draw(picture).line([*points, points[0]], fill=_darker(colour, 0.62), width=5, joint="curve")


def _paint_emblem(
    picture: Image.Image, place: tuple[float, float, float], name: str, pattern: str, colours: dict[str, Colour]
) -> None:
    """The emblem on a round plate of the body's colour, so that no pattern hides it or runs into it."""
    x, y, radius = place
    (cx, cy), scale = _pixels(np.array([(x, y)]))[0], radius * (1 - 2 * _MARGIN) * _FINE
    pen = ImageDraw.Draw(picture)
    plate = 1.34 if pattern in ("dots", "checks") else 1.12
    pen.circle((cx, cy), scale * plate, fill=colours["body"])
    outline = [(cx + px * scale, cy + py * scale) for px, py in emblem_outline(name)]
    pen.polygon(outline, fill=colours["accent"])


def _shade(picture: Image.Image, alpha: Image.Image) -> Image.Image:
    """Light from the upper left: edges that face it brighter, the others darker."""
    soft = np.asarray(alpha.filter(ImageFilter.GaussianBlur(9)), dtype=np.float32) / 255
    step = 7
    slope = np.roll(soft, (-step, -step), (0, 1)) - np.roll(soft, (step, step), (0, 1))
    fall = np.linspace(1.06, 0.9, SIZE, dtype=np.float32)[:, None]
    lit = np.asarray(picture, dtype=np.float32) * (fall * (1 + 0.38 * slope))[..., None]
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))
