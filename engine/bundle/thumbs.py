"""Thumbnails: one WebP per indexed photo in a mapped Arrow file per shard."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import pyarrow as pa
from PIL import Image

from engine.bundle.manifest import REMEDY
from engine.errors import BundleError
from engine.files import require
from engine.preprocess import Photo, Preprocessing, decode

SCHEMA = pa.schema([("thumb", pa.large_binary())])
SIDE = 256
MEDIA_TYPE = "image/webp"


def make_thumb(image: Image.Image) -> bytes:
    """A WebP whose long side is at most SIDE pixels. Pixels only: EXIF and other metadata stay behind."""
    small = image.copy()
    small.thumbnail((SIDE, SIDE))
    out = BytesIO()
    small.save(out, "WEBP", quality=80, method=2)
    return out.getvalue()


def thumb_of(data: bytes, photo: Photo, spec: Preprocessing) -> bytes:
    """The thumbnail of a photo that was decoded from `data`."""
    width, height = photo.image.size
    if max(width, height) < min(SIDE, max(photo.width, photo.height)):
        # a model with small pixels let the JPEG be decoded smaller than a thumbnail is
        return make_thumb(decode(data, spec, keep=SIDE).image)
    return make_thumb(photo.image)


class Thumbs:
    """The thumbnails of a generation in row order."""

    def __init__(self, folder: Path, shards: Sequence[str]) -> None:
        """Map `folder`/shards/<name>.thumbs. Raises BundleError."""
        tables = [_map(folder / "shards" / f"{name}.thumbs") for name in shards]
        self._table = pa.concat_tables(tables) if tables else SCHEMA.empty_table()

    def __getitem__(self, row: int) -> bytes:
        thumb: bytes = self._table["thumb"][row].as_py()
        return thumb


def write_thumbs(path: Path, thumbs: Iterable[bytes], batch: int = 1024) -> None:
    """Write one shard's thumbnails, at most `batch` of them in memory."""
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, SCHEMA) as writer:
        held: list[bytes] = []
        for thumb in thumbs:
            held.append(thumb)
            if len(held) == batch:
                writer.write_table(pa.table({"thumb": held}, schema=SCHEMA))
                held = []
        writer.write_table(pa.table({"thumb": held}, schema=SCHEMA))


def _map(path: Path) -> pa.Table:
    require(path, REMEDY)
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (pa.ArrowException, OSError) as error:
        raise BundleError(f"{path} is not a readable Arrow file ({error}); {REMEDY}") from error
