"""Results as pictures on a terminal: one sheet with the photo and what was found, in the terminal's own graphics.

textual-image knows Kitty's protocol and Sixel (iTerm2, WezTerm, Konsole, foot, Windows Terminal, xterm) and which of
them the terminal at hand has.
"""

import logging
import sys
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from engine.bundle.thumbs import SIDE

if TYPE_CHECKING:
    from rich.console import RenderableType

CELLS = 13
"""Columns of the terminal for one picture: six of them on 80 columns."""
_MARGIN = 16
_CAPTION = 56
_GREY = (128, 128, 128, 255)
"""Reads on white and on black."""

Tile = tuple[str, Image.Image]


def can_draw(coarsely: bool) -> bool:
    """Whether both ends are a terminal that shows pictures; `coarsely`: blocks of two pixels are good enough."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    logging.getLogger("textual_image").setLevel(logging.CRITICAL)  # it warns of each question that is not answered
    from textual_image import renderable

    return coarsely or renderable.Image in (renderable.SixelImage, renderable.TGPImage)


def tile(caption: str, data: bytes) -> Tile:
    """A picture from the bytes of one that was decoded before, as thumbnails are."""
    return caption, Image.open(BytesIO(data)).convert("RGBA")


def drawn(tiles: Sequence[Tile], columns: int) -> "RenderableType":
    """As many of the tiles as fit beside each other on `columns`, as something that rich prints."""
    from textual_image.renderable import Image as Drawn

    shown = tiles[: max(columns // CELLS, 1)]
    return Drawn(sheet(shown), width=min(len(shown) * CELLS, columns), height="auto")


def sheet(tiles: Sequence[Tile]) -> Image.Image:
    """The tiles beside each other, each under its caption, on nothing."""
    step = SIDE + _MARGIN
    whole = Image.new("RGBA", (len(tiles) * step, _CAPTION + SIDE))
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(44)
    for place, (caption, picture) in enumerate(tiles):
        scale = SIDE / max(picture.size)
        fitted = picture.resize((max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)))
        draw.text((place * step, 0), caption, fill=_GREY, font=font)
        whole.paste(fitted, (place * step, _CAPTION))
    return whole
