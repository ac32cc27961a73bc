"""GET /images/{id}: the thumbnail of an indexed photo."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from app.deps import Snapshot
from app.problems import ProblemError
from engine.bundle.thumbs import MEDIA_TYPE

router = APIRouter(tags=["images"])


@router.get(
    "/images/{image_id:path}",
    summary="Show the thumbnail of an indexed photo",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}},
)
async def image(image_id: str, loaded: Snapshot, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """A WebP whose long side is at most 256 pixels, without metadata."""
    generation = loaded.generation
    row = generation.table.image(image_id)
    if row is None:
        raise ProblemError("unknown-image", f"no image {image_id!r} in generation {generation.id}")
    if generation.thumbs is None:
        raise ProblemError("unknown-image", f"generation {generation.id} was built without thumbnails")
    etag = f'"{generation.table.record(row).sha256.hex()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=3600"}
    if etag == if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(generation.thumbs[row], media_type=MEDIA_TYPE, headers=headers)
