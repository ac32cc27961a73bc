"""GET /images/{id}: the thumbnail of an indexed photo."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Header, Response

from app.deps import Snapshot
from app.live import Loaded
from app.problems import ProblemError
from engine.bundle.rows import RowRecord
from engine.bundle.thumbs import MEDIA_TYPE

router = APIRouter(tags=["images"])


@router.get(
    "/images/{image_id:path}",
    summary="Show the thumbnail of an indexed photo",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}, 304: {"description": "It is what the caller has (If-None-Match)"}},
)
async def image(image_id: str, loaded: Snapshot, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """A WebP whose long side is at most 256 pixels, without metadata."""
    row = loaded.view.image(image_id)
    if row is None:
        raise ProblemError("unknown-image", f"no image {image_id!r}")
    (record,) = loaded.view.records(np.array([row]))
    etag = f'"{record.sha256.hex()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=3600"}
    if etag == if_none_match:
        return Response(status_code=304, headers=headers)
    thumb = _thumb(loaded, row, record)
    if thumb is None:
        raise ProblemError("unknown-image", f"generation {loaded.generation.id} was built without thumbnails")
    return Response(thumb, media_type=MEDIA_TYPE, headers=headers)


def _thumb(loaded: Loaded, row: int, record: RowRecord) -> bytes | None:
    """The generation's, or that which came with a change; a photo that a change kept has the generation's too."""
    thumbs, digest = loaded.generation.thumbs, record.sha256.hex()
    if thumbs is not None and loaded.view.is_base(row):
        return thumbs[row]
    if loaded.thumbs is not None and loaded.thumbs.has(digest):
        return loaded.thumbs.read(digest)
    if thumbs is None:
        return None
    rows = loaded.generation.table.product(record.product_id)
    own = zip(rows.tolist(), loaded.generation.table.records(rows), strict=True)
    return next((thumbs[row] for row, other in own if other.sha256 == record.sha256), None)
