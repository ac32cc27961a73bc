"""POST /products/batch: many changes at once."""

import asyncio

from fastapi import APIRouter

from app.changes.answers import ChangeBatch
from app.changes.batch import MOST, PART, batch_of, largest
from app.changes.operations import Shop
from app.changes.requests import once_of, taking
from app.deps import ChangeRequest, RequestId
from app.form import FIELD
from app.routes.changes import IDEMPOTENCY_KEY
from app.telemetry import Outcome, Timing

router = APIRouter(tags=["changes"])

PATH = "/products/batch"
_FORM = {
    "type": "object",
    "required": [PART],
    "additionalProperties": False,
    "properties": {
        PART: {"type": "string", "description": f"JSON lines, up to {MOST:,}: op, product_id, images, …"},
        FIELD: {"type": "array", "items": {"type": "string", "format": "binary"}},
    },
}


@router.post(
    PATH,
    summary=f"Change up to {MOST:,} products at once",
    openapi_extra={
        "parameters": [IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}},
    },
)
async def change_batch(asked: ChangeRequest, request_id: RequestId) -> ChangeBatch:
    """Operations one after the other, durable all at once; one that is refused spoils no other."""
    writer = asked.writer
    with asked.body:
        uploads = await asked.body.parts(
            largest(asked.settings),
            asked.loaded.encoder.card.preprocessing.max_bytes,
            taking(PART, writer.compute.gate),
        )
        timing = Timing()
        batch = await asyncio.to_thread(batch_of, uploads)
        prepared, unusable = await writer.prepare_each(asked.loaded, batch.needed, timing)

        def answer(shop: Shop) -> str:
            results = batch.run(shop, unusable, request_id)
            refused = sum(own.error is not None for own in results)
            return ChangeBatch(
                results=results,
                done=len(results) - refused,
                refused=refused,
                revision=shop.writing.revision,
                replayed=False,
                request_id=request_id,
            ).model_dump_json()

        changed = await writer.change(prepared, answer, once_of(asked.idempotency_key, (asked.path,), uploads))
    answered = ChangeBatch.model_validate_json(changed.answer)
    for line, result in zip(batch.lines, answered.results, strict=True):
        outcome: Outcome = "replayed" if changed.replayed else "refused" if result.error else "done"
        asked.telemetry.changed(line.kind, outcome)
    asked.telemetry.acknowledged("batch", timing)
    return answered.model_copy(update={"replayed": changed.replayed, "request_id": request_id})
