"""What may be sent as a photo, and under which name."""

import io
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TypeAlias, cast

from PIL import Image, ImageOps

from engine.errors import InputError

Photo: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image.Image
"""A path, the bytes of an image file, an open binary file, or a PIL image."""
Photos: TypeAlias = Photo | Sequence[Photo] | Mapping[str, Photo]
"""One photo, several, or several by their ids."""

Form = list[tuple[str, tuple[str | None, bytes]]]
"""The parts of a form: field, name of the file (None: it has none), bytes."""

_PNG_MODES = frozenset({"1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"})
_ALPHA_MODES = frozenset({"PA", "La", "RGBa"})
_UNSENDABLE = re.compile(r'["\\\x00-\x1f\x7f]')
"""What form libraries write in ways of their own (`%22`, `\\"`), so that another name would arrive."""


def named(photos: Photos) -> list[tuple[str | None, Photo]]:
    """Photos with their ids: a mapping's keys, a path's file name; None, for which the service takes the SHA-256.

    Raises InputError for an id that cannot be the name of a file in a form.
    """
    if isinstance(photos, Mapping):
        found: list[tuple[str | None, Photo]] = list(photos.items())
    else:
        found = [(_name(own), own) for own in _several(photos)]
    for image_id, _ in found:
        if image_id is not None and (not image_id or _UNSENDABLE.search(image_id)):
            raise InputError(
                f"photo id {image_id!r} cannot be sent; choose one without quotes, backslashes and line breaks"
            )
    return found


def read(photo: Photo) -> bytes:
    """The bytes to send: files as they are, a PIL image as PNG (`png`).

    Raises OSError for a file that cannot be read, TypeError for what is no photo.
    """
    if isinstance(photo, bytes | bytearray | memoryview):
        return bytes(photo)
    if isinstance(photo, Image.Image):
        return png(photo)
    if isinstance(photo, str | os.PathLike):
        return Path(photo).read_bytes()
    data = photo.read() if hasattr(photo, "read") else None
    if not isinstance(data, bytes):
        raise TypeError(f"a photo is a path, bytes, a file opened with 'rb' or a PIL image, not {type(photo).__name__}")
    return data


def png(image: Image.Image) -> bytes:
    """The image without loss: upright by its EXIF tag, its transparency and colour profile kept, no other metadata.

    Lightly compressed: a JPEG would be smaller, but no longer the pixels that the caller looked at. What PNG has no
    mode for (CMYK, …) becomes RGB, as the service would make it.
    """
    upright = ImageOps.exif_transpose(image)
    if upright.mode not in _PNG_MODES:
        upright = upright.convert("RGBA" if upright.mode in _ALPHA_MODES else "RGB")
    file = io.BytesIO()
    upright.save(file, "PNG", compress_level=1)
    return file.getvalue()


def query_form(photos: Sequence[Photo]) -> Form:
    """Photos to search with as parts `image` of a form. Raises as `read`."""
    return [("image", (None, read(own))) for own in _several(photos)]


def image_form(photos: Photos) -> Form:
    """Photos of a product as parts `image` of a form. Raises as `named` and `read`."""
    return [("image", (image_id, read(own))) for image_id, own in named(photos)]


def _several(photos: Photo | Sequence[Photo]) -> Sequence[Photo]:
    """One photo as a list: a path is a sequence too, of its letters."""
    one = isinstance(photos, str | bytes | bytearray | memoryview | os.PathLike | Image.Image)
    return cast(Sequence[Photo], [photos] if one or hasattr(photos, "read") else photos)


def _name(photo: Photo) -> str | None:
    return Path(photo).name if isinstance(photo, str | os.PathLike) else None
