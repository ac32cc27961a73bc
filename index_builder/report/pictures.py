"""The pictures of a page, inside it: thumbnails of the index, smaller, as data URIs."""

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

from engine.bundle.generation import Generation
from engine.bundle.thumbs import MEDIA_TYPE, thumb_of
from engine.catalogue.catalogue import Catalogue
from engine.catalogue.row import Row
from engine.errors import CatalogueError, PhotoError
from engine.preprocess import decode
from index_builder.report.examples import shown
from index_builder.report.missing import Section

SIDE = 128
QUALITY = 65

Pictures = dict[str, str]
"""Data URIs by image id."""


def pictures(section: Section, generation: Generation, catalogue: Catalogue, queries: Sequence[Row]) -> Pictures:
    """Those of every query and answer of the section `examples`; none where the generation has no thumbnails.

    A query that is not indexed is read from the catalogue; one that is gone by now has no picture.
    """
    thumbs = generation.thumbs
    if thumbs is None:
        return {}
    rows = {own.image_id: own for own in queries}
    found: Pictures = {}
    for example in shown(section):
        for photo in (*example["answers"], *([example["missed"]] if example["missed"] else [])):
            if photo["image_id"] not in found:
                found[photo["image_id"]] = data_uri(thumbs[photo["row"]])
        asked = example["query"]["image_id"]
        indexed = generation.table.image(asked)
        data = _read(catalogue, rows[asked], generation) if indexed is None else thumbs[indexed]
        if data is not None:
            found[asked] = data_uri(data)
    return found


def data_uri(thumb: bytes) -> str:
    """A thumbnail, no longer than SIDE pixels."""
    out = BytesIO()
    with Image.open(BytesIO(thumb)) as image:
        image.thumbnail((SIDE, SIDE))
        image.save(out, "WEBP", quality=QUALITY, method=2)
    return f"data:{MEDIA_TYPE};base64,{b64encode(out.getvalue()).decode()}"


def _read(catalogue: Catalogue, row: Row, generation: Generation) -> bytes | None:
    spec = generation.card.preprocessing
    try:
        data = catalogue.read(row)
        return thumb_of(data, decode(data, spec), spec)
    except (CatalogueError, PhotoError):
        return None
