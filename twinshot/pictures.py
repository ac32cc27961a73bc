"""Results as pictures on a terminal: one sheet with the photo and what was found, in the terminal's own graphics.

textual-image knows Kitty's protocol and Sixel (iTerm2, WezTerm, Konsole, foot, Windows Terminal, xterm) and which of
them the terminal at hand has.

xterm is particular: unless it is told otherwise it has 16 colours, whatever a picture defines, and so has none here
unless it is asked for; and it shows a colour rightly only if that is defined before the first pixel.
"""

import logging
import os
import re
import sys
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont, ImageOps

from engine.bundle.thumbs import SIDE

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from textual_image.renderable import SixelImage

CELLS = 13
"""Columns of the terminal for one picture: six of them on 80 columns."""
_MARGIN = 16
_CAPTION = 56
_GROUND, _INK = (40, 40, 40), (230, 230, 230)
"""Opaque: Sixel has no alpha here, and what shines through on one terminal is a black hole on the next."""

_SIXEL = "\x1bP"
_COLOUR = re.compile(r"#(\d+);2;\d+;\d+;\d+")

Tile = tuple[str, Image.Image]


def can_draw(coarsely: bool) -> bool:
    """Whether both ends are a terminal that shows pictures; `coarsely`: blocks of two pixels are good enough."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    logging.getLogger("textual_image").setLevel(logging.CRITICAL)  # it warns of each question that is not answered
    from textual_image import renderable

    return coarsely or (
        renderable.Image in (renderable.SixelImage, renderable.TGPImage) and "XTERM_VERSION" not in os.environ
    )


def tile(caption: str, data: bytes) -> Tile:
    """A picture from the bytes of one that was decoded before, as thumbnails are."""
    return caption, Image.open(BytesIO(data)).convert("RGB")


def drawn(tiles: Sequence[Tile], columns: int) -> "RenderableType":
    """As many of the tiles as fit beside each other on `columns`, as something that rich prints."""
    from textual_image import renderable

    shown = tiles[: max(columns // CELLS, 1)]
    picture = renderable.Image(sheet(shown), width=min(len(shown) * CELLS, columns), height="auto")
    return _ColoursFirst(picture) if isinstance(picture, renderable.SixelImage) else picture


class _ColoursFirst:
    """A Sixel picture of textual-image, which defines a colour where it is first used, with all of them in front."""

    def __init__(self, picture: "SixelImage") -> None:
        self._picture = picture

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.segment import Segment

        for part in self._picture.__rich_console__(console, options):
            if isinstance(part, Segment) and part.text.startswith(_SIXEL):
                yield Segment(colours_first(part.text), part.style, part.control)
            else:
                yield part


def colours_first(sixels: str) -> str:
    """The same picture, its colours (`#0;2;100;0;50`: number, RGB, per cent) defined before its first pixel."""
    start = sixels.index("#")
    pixels = _COLOUR.sub(r"#\1", sixels[start:])
    return sixels[:start] + "".join(colour[0] for colour in _COLOUR.finditer(sixels)) + pixels


def sheet(tiles: Sequence[Tile]) -> Image.Image:
    """The tiles beside each other as on a contact sheet, each in the middle of its square, under its caption."""
    step = SIDE + _MARGIN
    whole = Image.new("RGB", (len(tiles) * step, _CAPTION + step), _GROUND)
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(44)
    for place, (caption, picture) in enumerate(tiles):
        left = place * step + _MARGIN // 2
        fitted = ImageOps.contain(picture, (SIDE, SIDE))
        draw.text((left, 0), caption, fill=_INK, font=font)
        whole.paste(fitted, (left + (SIDE - fitted.width) // 2, _CAPTION + (SIDE - fitted.height) // 2))
    return whole
