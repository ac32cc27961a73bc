"""PUT, PATCH and DELETE /products, their photos, and GET /changes: the catalogue changes while it is served."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter, Response

from app.asked import ChangesParams
from app.changes.answers import ChangeList, ChangeRecord, ProductChange
from app.changes.operations import MOST_PHOTOS, Shop, add, edit, put, remove, remove_photo
from app.changes.requests import (
    ProductFields,
    fields_of,
    id_of,
    once_of,
    patch_of,
    photos_of,
    require_own_address,
    taking,
)
from app.changes.write import NewPhoto
from app.deps import ChangeRequest, ListedChanges, Parts, Snapshot
from app.form import Upload
from app.parameters import described
from app.problems import ProblemError
from app.telemetry import ChangeKind, Timing
from engine.changes.record import Change

writes = APIRouter(tags=["changes"])
reads = APIRouter(tags=["changes"])

IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "Only if the product is still as this ETag says; else 412.",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string"},
    "description": "Any text of your own: the same request is done once, however often it comes within a day.",
}
"""As OpenAPI has them: FastAPI does not see these headers, which it would read more slowly."""

_IMAGES = {"type": "array", "items": {"type": "string", "format": "binary"}}
_PRODUCT = {"type": "string", "description": "JSON: title, url, meta, level2, leaf; what is left out is unknown."}
_PUT = {"product": _PRODUCT, "image": _IMAGES}
_PATCH_KINDS = ("application/merge-patch+json", "application/json")
_FIELDS = ProductFields.model_json_schema()["properties"]
_FIELDS_BYTES = 100_000
"""What a form may have besides its photos."""


def _described(
    schema: dict[str, Any] | None = None,
    kinds: Sequence[str] = ("multipart/form-data",),
    needed: Sequence[str] = (),
) -> dict[str, Any]:
    """What OpenAPI says of a change: FastAPI does not see its body."""
    headers = {"parameters": [IF_MATCH, IDEMPOTENCY_KEY]}
    if schema is None:
        return headers
    body = {"type": "object", "properties": schema, "required": list(needed), "additionalProperties": False}
    return headers | {"requestBody": {"required": True, "content": {kind: {"schema": body} for kind in kinds}}}


@writes.put(
    "/products/{product_id:path}",
    summary="Put a product and all its photos",
    openapi_extra=_described(_PUT),
    response_model=ProductChange,
)
async def put_product(product_id: str, asked: ChangeRequest) -> Response:
    """Make the product what is sent, whether or not it was there: photos that are not sent are its photos no more."""
    with asked.body, asked.telemetry.counting("put"):
        uploads = await _uploads(asked)
        product = fields_of(uploads).stored(id_of(product_id), [own.stored for own in photos_of(uploads)])
        return await _changed(asked, "put", uploads, lambda shop: put(shop, product, asked.if_match))


@writes.patch(
    "/products/{product_id:path}",
    summary="Change what is known of a product",
    openapi_extra=_described(_FIELDS, _PATCH_KINDS),
    response_model=ProductChange,
)
async def edit_product(product_id: str, asked: ChangeRequest) -> Response:
    """Title, address or category, as a JSON merge patch (RFC 7396); the photos stay."""
    with asked.body, asked.telemetry.counting("edit"):
        require_own_address(product_id)
        sent = await asked.body.text(_FIELDS_BYTES, _PATCH_KINDS)
        # as a part, so that an idempotency key stands for what was sent
        part = Upload(sent, hashlib.sha256(sent).hexdigest(), "product")
        work = partial(edit, product_id=product_id, fields=patch_of(sent), if_match=asked.if_match)
        return await _changed(asked, "edit", [part], work)


@writes.post(
    "/products/{product_id:path}/images",
    summary="Add photos to a product",
    openapi_extra=_described({"image": {**_IMAGES, "minItems": 1}}, needed=["image"]),
    response_model=ProductChange,
)
async def add_images(product_id: str, asked: ChangeRequest) -> Response:
    """A photo whose id the product has already takes that one's place."""
    with asked.body, asked.telemetry.counting("add_images"):
        uploads = await _uploads(asked)
        photos = [own.stored for own in photos_of(uploads)]
        if not photos:
            raise ProblemError("invalid-request", "image: the field is missing")
        work = partial(add, product_id=product_id, photos=photos, if_match=asked.if_match)
        return await _changed(asked, "add_images", uploads, work)


# before DELETE /products/{id}, whose id may contain slashes
@writes.delete(
    "/products/{product_id:path}/images/{image_id:path}",
    summary="Remove a photo of a product",
    openapi_extra=_described(),
    response_model=ProductChange,
)
async def remove_image(product_id: str, image_id: str, asked: ChangeRequest) -> Response:
    """The product stays, even without any photo."""
    with asked.telemetry.counting("delete_image"):
        whole = f"{product_id}/images/{image_id}"

        def work(shop: Shop) -> Change:
            if shop.has(whole):  # ids may contain slashes, and a %2F arrives as one
                detail = f"the address may also mean the product {whole!r}; say which by POST /products/batch"
                raise ProblemError("invalid-request", detail)
            return remove_photo(shop, product_id, image_id, asked.if_match)

        return await _changed(asked, "delete_image", (), work)


@writes.delete(
    "/products/{product_id:path}", summary="Remove a product", openapi_extra=_described(), response_model=ProductChange
)
async def remove_product(product_id: str, asked: ChangeRequest) -> Response:
    """It is found no more, not even after a roll-back to a generation that has it."""
    with asked.telemetry.counting("delete"):
        require_own_address(product_id)
        return await _changed(asked, "delete", (), lambda shop: remove(shop, product_id, asked.if_match))


@reads.get("/changes", summary="List what changed", openapi_extra={"parameters": described(ChangesParams)})
async def changes(service: Parts, loaded: Snapshot, asked: ListedChanges) -> ChangeList:
    """Changes after a revision, oldest first: of each product the last one alone."""
    writer = service.writer
    if writer is None:
        return ChangeList(changes=[], revision=loaded.revision, complete=True)

    def found() -> ChangeList:
        own = writer.state.log.since(asked.since, asked.limit + 1)  # one more tells whether there are more
        shown = [ChangeRecord.of(change) for change in own[: asked.limit]]
        return ChangeList(changes=shown, revision=loaded.revision, complete=len(own) <= asked.limit)

    return await asyncio.to_thread(found)


async def _uploads(asked: ChangeRequest) -> list[Upload]:
    photo_bytes = asked.loaded.encoder.card.preprocessing.max_bytes
    limit = min(asked.settings.max_body_bytes, MOST_PHOTOS * photo_bytes + _FIELDS_BYTES)
    return await asked.body.parts(limit, photo_bytes, taking("product", asked.writer.compute.gate))


async def _changed(
    asked: ChangeRequest, kind: ChangeKind, uploads: Sequence[Upload], work: Callable[[Shop], Change]
) -> Response:
    """Do `work`, durably, and say what the product is now."""

    def answer(shop: Shop) -> str:
        return ProductChange.of(work(shop)).model_dump_json()

    timing = Timing()
    photos: list[NewPhoto] = photos_of(uploads)
    once = once_of(asked.idempotency_key, (asked.method, asked.path, asked.if_match or ""), uploads)
    prepared = await asked.writer.prepare(asked.loaded, photos, timing)
    changed = await asked.writer.change(prepared, answer, once)
    asked.telemetry.changed(kind, "replayed" if changed.replayed else "done")
    asked.telemetry.acknowledged("single", timing)
    body = changed.answer
    if changed.replayed:
        body = ProductChange.model_validate_json(body).model_copy(update={"replayed": True}).model_dump_json()
    return Response(body, media_type="application/json")  # written here: FastAPI would check what was just made
