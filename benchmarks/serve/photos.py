"""Photos as callers send them: of a phone's or a shop's size and type, every one new to the service.

Grocery photos of the split `val`, enlarged to 1600 pixels with a little noise, so that a JPEG has 0.3 to 0.6 MB.
"""

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import count

import numpy as np
from PIL import Image

from benchmarks.study.photos import folder, records

LONG, SHORT = 1600, 1200
BASES = 20
"""Different pictures; each photo that is sent is one of them with other bytes at its end."""
EDGE = b"twinshot-benchmark-edge"
_SERIAL = count()


@dataclass(frozen=True, slots=True)
class Photo:
    """The bytes of a photo and its media type."""

    data: bytes
    kind: str


@cache
def mix() -> tuple[Photo, ...]:
    """Eight JPEGs in ten, one PNG, one WebP; every other picture upright."""
    made = []
    for number in range(BASES):
        kind = {8: "PNG", 9: "WEBP"}.get(number % 10, "JPEG")
        made.append(Photo(_encoded(_picture(number, small=kind == "PNG"), kind), f"image/{kind.lower()}"))
    return tuple(made)


@cache
def jpegs() -> tuple[Photo, ...]:
    """The JPEGs of the mix."""
    return tuple(photo for photo in mix() if photo.kind == "image/jpeg")


def fresh(photo: Photo) -> bytes:
    """The photo with bytes that no decoder reads at its end: the same picture, another photo to every cache."""
    return photo.data + next(_SERIAL).to_bytes(8, "little")


def form(data: bytes, kind: str) -> bytes:
    """A multipart body with the photo as its only field."""
    head = f'Content-Disposition: form-data; name="image"; filename="photo"\r\nContent-Type: {kind}\r\n\r\n'
    return b"--" + EDGE + b"\r\n" + head.encode() + data + b"\r\n--" + EDGE + b"--\r\n"


def request(photo: Photo, raw: bool = False, again: bool = False, path: str = "/search") -> bytes:
    """A whole HTTP request. `again`: the same bytes each time."""
    data = photo.data if again else fresh(photo)
    body, kind = (
        (data, photo.kind) if raw else (form(data, photo.kind), f"multipart/form-data; boundary={EDGE.decode()}")
    )
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _picture(number: int, small: bool) -> Image.Image:
    rows = [row for row in records("grocery") if row["split"] == "val"]
    row = rows[number * len(rows) // BASES]
    # a PNG of 1600 pixels has 4 MB, which nobody's shop sends
    size = (LONG // 2, SHORT // 2) if small else (LONG, SHORT)
    if number % 2:
        size = (size[1], size[0])
    with Image.open(folder("grocery") / row["image"]) as image:
        pixels = np.asarray(image.convert("RGB").resize(size, Image.Resampling.LANCZOS), dtype=np.int16)
    grain = np.random.default_rng(number).integers(-6, 7, pixels.shape)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def _encoded(picture: Image.Image, kind: str) -> bytes:
    for quality in (92, 88, 84, 80, 75, 70):
        file = BytesIO()
        picture.save(file, kind, quality=quality)
        if kind == "PNG" or file.tell() <= 600_000:
            return file.getvalue()
    raise ValueError(f"a {kind} of quality 70 has {file.tell():,} bytes")
