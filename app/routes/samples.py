"""GET /samples: photos that the page offers to try."""

import asyncio
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import FileResponse

from app.deps import Parts
from app.problems import ProblemError
from app.routes.whole_file import WholeFile
from app.samples import sample_names, sample_path
from app.schemas import Sample, SampleList

router = APIRouter(tags=["service"])


@router.get("/samples", summary="List photos to try the search with")
async def samples(service: Parts) -> SampleList:
    """What TWINSHOT_SAMPLES names; an empty list where it is not set."""
    names = await asyncio.to_thread(sample_names, service.settings.samples)
    return SampleList(samples=[Sample(name=name, image_url=f"/samples/{quote(name, safe='')}") for name in names])


@router.get(
    "/samples/{name}",
    summary="Show a photo to try the search with",
    response_class=FileResponse,
    responses={200: {"content": {"image/*": {}}}},
)
async def sample(name: str, service: Parts) -> WholeFile:
    """The file as it is."""
    path = await asyncio.to_thread(sample_path, service.settings.samples, name)
    if path is None:
        raise ProblemError("unknown-image", f"no sample photo {name!r}; /samples lists them")
    return WholeFile(path, {"Cache-Control": "private, max-age=3600"})
