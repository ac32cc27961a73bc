"""POST /admin/reload: what only who runs the service may ask for."""

from fastapi import APIRouter, Depends

from app.deps import Parts, may_reload
from app.problems import ProblemError
from app.schemas import Reloaded

router = APIRouter(tags=["service"], dependencies=[Depends(may_reload)])


@router.post("/admin/reload", summary="Serve the generation that CURRENT names")
async def reload(service: Parts) -> Reloaded:
    """Look at CURRENT now, and answer when what it names is served, or refused (409).

    One that was refused before is tried again. Each process looks for itself every second without being asked.
    """
    before = service.live.take().generation.id
    await service.reloader.look(again=True)
    loaded = service.live.take()
    if (refused := service.reloader.refused) is not None:
        detail = f"{refused.reason}; {loaded.generation.id} goes on being served"
        raise ProblemError("generation-refused", detail)
    switched = loaded.generation.id != before
    return Reloaded(generation=loaded.generation.id, revision=loaded.revision, switched=switched)
