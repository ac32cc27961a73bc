"""The changes that `batch` makes, and their form."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.errors import InputError
from twinshot.client.photos import Form, Photos, image_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """All that is known of a product but its photos; None: unknown."""

    title: str | None = None
    url: str | None = None
    meta: str | None = None
    level2: str | None = None
    leaf: str | None = None

    def known(self) -> dict[str, str]:
        """What is not None, as the service takes it."""
        own = {name: getattr(self, name) for name in ("title", "url", "meta", "level2", "leaf")}
        return {name: value for name, value in own.items() if value is not None}


@dataclass(frozen=True, slots=True)
class PutProduct(Fields):
    """As `put_product`."""

    product_id: str
    photos: Photos = ()
    if_match: str | None = None


@dataclass(frozen=True, slots=True)
class EditProduct:
    """As `edit_product`."""

    product_id: str
    fields: Mapping[str, str | None]
    if_match: str | None = None


@dataclass(frozen=True, slots=True)
class AddImages:
    """As `add_images`."""

    product_id: str
    photos: Photos
    if_match: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveImage:
    """As `remove_image`."""

    product_id: str
    image_id: str
    if_match: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveProduct:
    """As `remove_product`."""

    product_id: str
    if_match: str | None = None


Operation: TypeAlias = PutProduct | EditProduct | AddImages | RemoveImage | RemoveProduct


def batch_form(operations: Sequence[Operation]) -> Form:
    """The parts of the form: `operations` as JSON lines, and every photo once.

    Raises InputError where two photos have one id and are not the same, and as `image_form`.
    """
    lines: list[str] = []
    photos: dict[str, bytes] = {}
    for operation in operations:
        own = image_form(operation.photos) if isinstance(operation, PutProduct | AddImages) else []
        ids = [image_id or hashlib.sha256(data).hexdigest() for _, (image_id, data) in own]
        for image_id, (_, (_, data)) in zip(ids, own, strict=True):
            if photos.setdefault(image_id, data) != data:
                raise InputError(f"two photos of the batch are called {image_id!r}; give each an id of its own")
        lines.append(json.dumps(_line(operation, ids)))
    return [
        ("operations", (None, "\n".join(lines).encode())),
        *(("image", (image_id, data)) for image_id, data in photos.items()),
    ]


def _line(operation: Operation, images: list[str]) -> dict[str, Any]:
    own: dict[str, Any] = {"product_id": operation.product_id}
    if operation.if_match is not None:
        own["if_match"] = operation.if_match
    match operation:
        case PutProduct():
            return {"op": "put", **own, **operation.known(), "images": images}
        case EditProduct():
            return {**operation.fields, "op": "edit", **own}
        case AddImages():
            return {"op": "add_images", **own, "images": images}
        case RemoveImage():
            return {"op": "delete_image", **own, "image_id": operation.image_id}
        case RemoveProduct():
            return {"op": "delete", **own}
