"""From the bytes of a photo to the pixels a model sees. The one code path of both halves.

`Preprocessing` is data: it travels inside `model.json`, so a model is always fed as it was trained.
"""

import math
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field

from engine.errors import TooLargeError, UnreadableError, UnsupportedError

Pixels = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 as fractions of the upright photo."""

RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
# `Preprocessing.max_pixels` is checked before any pixel is read. Pillow's own limit only warns, which cannot be
# silenced in one thread alone.
Image.MAX_IMAGE_PIXELS = None
_16_BIT = {"I", "I;16", "I;16B", "I;16L", "I;16N"}


class Preprocessing(BaseModel):
    """How a photo becomes the model's input: short side to `resize`, then the central square of `size`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(default=224, ge=16, le=1024)
    resize: int = Field(default=256, ge=16, le=1536)
    interpolation: Literal["bilinear", "bicubic"] = "bicubic"
    background: tuple[int, int, int] = (255, 255, 255)
    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
    max_bytes: int = 20_000_000
    max_pixels: int = 64_000_000


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photo: `image` is upright RGB and may be smaller than the original `width` × `height` (JPEG draft)."""

    image: Image.Image
    width: int
    height: int


def decode(data: bytes, spec: Preprocessing, box: Box | None = None, keep: int | None = None) -> Photo:
    """Read a photo: first frame, upright by its EXIF tag, RGB on `spec.background`.

    A JPEG is decoded at a reduced scale where that leaves the part that is looked at (`box`, else the whole photo)
    a short side of at least `keep` pixels (default `spec.resize`).

    Raises UnreadableError (nothing, no image, truncated), TooLargeError (bytes or pixels) and UnsupportedError.
    """
    if not data:
        raise UnreadableError("the photo has 0 bytes")
    if len(data) > spec.max_bytes:
        raise TooLargeError(f"the photo has {len(data):,} bytes, the limit is {spec.max_bytes:,}")
    image = _open(data, spec)
    if image.width * image.height > spec.max_pixels:
        raise TooLargeError(f"the photo has {image.width} × {image.height} pixels, the limit is {spec.max_pixels:,}")
    try:
        # PNG keeps its EXIF behind the pixels, so this may already read them
        turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
        width, height = image.size[::-1] if turned else image.size
        if image.format in ("JPEG", "MPO"):  # MPO: phones put a second picture behind the first
            _draft(image, box, turned, keep or spec.resize)
        image.load()
        upright = ImageOps.exif_transpose(image)
    except Exception as error:  # decoders raise whatever the damage makes them stumble over
        raise UnreadableError(f"the photo is damaged or truncated ({error})") from error
    return Photo(_to_rgb(upright, spec.background), width, height)


def crop(photo: Photo, spec: Preprocessing, box: Box | None = None) -> Pixels:
    """The model's input, uint8 [size, size, 3] RGB: the central square of `box` (default: the whole photo)."""
    width, height = photo.image.size
    x0, y0, x1, y1 = box or (0.0, 0.0, 1.0, 1.0)
    short = min((x1 - x0) * width, (y1 - y0) * height)
    side = short * spec.size / spec.resize
    cx, cy = (x0 + x1) / 2 * width, (y0 + y1) / 2 * height
    left, top = max(cx - side / 2, 0.0), max(cy - side / 2, 0.0)
    square = (left, top, min(left + side, width), min(top + side, height))
    # One resampling from the source square equals "resize, then crop", without making the pixels that are cut away.
    resized = photo.image.resize((spec.size, spec.size), RESAMPLING[spec.interpolation], box=square)
    return np.asarray(resized)


def load(data: bytes, spec: Preprocessing, box: Box | None = None) -> Pixels:
    """`decode`, then `crop`: bytes to uint8 [size, size, 3]."""
    return crop(decode(data, spec, box), spec, box)


def check_box(values: tuple[float, ...]) -> Box:
    """Four fractions with 0 ≤ x0 < x1 ≤ 1 and 0 ≤ y0 < y1 ≤ 1, or a ValueError that says so."""
    if len(values) != 4 or not all(map(math.isfinite, values)):
        raise ValueError("box takes four numbers: x0,y0,x1,y1")
    x0, y0, x1, y1 = values
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise ValueError("box takes fractions of the upright photo with 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1")
    return x0, y0, x1, y1


def _open(data: bytes, spec: Preprocessing) -> ImageFile.ImageFile:
    try:
        return Image.open(BytesIO(data), formats=spec.formats)
    except UnidentifiedImageError:
        pass
    except Exception as error:  # as in `decode`
        raise UnreadableError(f"the photo is damaged or truncated ({error})") from error
    try:
        other = Image.open(BytesIO(data)).format
    except Exception:  # as in `decode`: it is no image that we could name
        raise UnreadableError("the bytes are not an image") from None
    raise UnsupportedError(f"{other} images are not taken; send one of {', '.join(spec.formats)}")


def _draft(image: ImageFile.ImageFile, box: Box | None, turned: bool, keep: int) -> None:
    """Let libjpeg decode at 1/2, 1/4 or 1/8 where the searched part keeps a short side of `keep` pixels."""
    x0, y0, x1, y1 = box or (0.0, 0.0, 1.0, 1.0)
    width, height = image.size
    across, down = ((y1 - y0), (x1 - x0)) if turned else ((x1 - x0), (y1 - y0))
    short = min(across * width, down * height)
    if short > keep:
        image.draft(image.mode, (math.ceil(width * keep / short), math.ceil(height * keep / short)))


def _to_rgb(image: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode in _16_BIT:
        wide = np.asarray(image).astype(np.int64)
        image = Image.fromarray((np.clip(wide, 0, 65535) >> 8).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        flat = Image.new("RGBA", rgba.size, (*background, 255))
        return Image.alpha_composite(flat, rgba).convert("RGB")
    return image.convert("RGB")
