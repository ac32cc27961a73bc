"""What can be changed by a service. Each is a method of both clients, which send what is made here.

Every change carries an idempotency key, one's own or a new one: however often it has to be sent, it is done once.
"""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from uuid import uuid4

from engine.errors import InputError
from twinshot.client.calls import Call, model
from twinshot.client.change_models import ChangeBatch, ProductChange
from twinshot.client.info_models import Reloaded
from twinshot.client.operations import Fields, Operation, batch_form
from twinshot.client.photos import Form, Photos, image_form
from twinshot.client.reads import address


def put_product(
    product_id: str,
    photos: Photos = (),
    *,
    title: str | None = None,
    url: str | None = None,
    meta: str | None = None,
    level2: str | None = None,
    leaf: str | None = None,
    if_match: str | None = None,
    idempotency_key: str | None = None,
) -> Call[ProductChange]:
    """Make the product what is given, whether or not it was there: what is left out is unknown or gone afterwards.

    photos: their ids are the names of their files, else the SHA-256; a mapping gives ids: `{"P42-front": photo}`.
    if_match: an `etag`; only if the product is still so. "*": only if it is there.
    idempotency_key: one's own, to send the same change again in another process.

    Raises ProblemError: 409 (a photo's id is another product's), 412 (`if_match`), 400, 413, 415, 422.

    >>> shop.put_product("P42", ["P42-1.jpg", "P42-2.jpg"], title="Chelsea boot", meta="Shoes", level2="Boots")
    """
    fields = Fields(title=title, url=url, meta=meta, level2=level2, leaf=leaf)
    headers = _headers(if_match, idempotency_key)
    path = address("products", product_id)
    return Call("PUT", path, model(ProductChange), headers=headers, form=partial(_put_form, fields, photos))


def edit_product(
    product_id: str,
    fields: Mapping[str, str | None],
    *,
    if_match: str | None = None,
    idempotency_key: str | None = None,
) -> Call[ProductChange]:
    """Change what `fields` names: title, url, meta, level2, leaf; None: unknown. All else stays, and so do the photos.

    Raises ProblemError: 404 (`unknown-product`), 412 (`if_match`), 422.

    >>> shop.edit_product("P42", {"title": "Chelsea boot, brown", "leaf": None})
    """
    headers = _headers(if_match, idempotency_key)
    return Call("PATCH", address("products", product_id), model(ProductChange), headers=headers, json=fields)


def add_images(
    product_id: str, photos: Photos, *, if_match: str | None = None, idempotency_key: str | None = None
) -> Call[ProductChange]:
    """Add photos to a product; one of an id that the product has already takes that one's place.

    Raises as `put_product`, and ProblemError (404, `unknown-product`).
    """
    headers = _headers(if_match, idempotency_key)
    path = address("products", product_id) + "/images"
    return Call("POST", path, model(ProductChange), headers=headers, form=partial(image_form, photos))


def remove_product(
    product_id: str, *, if_match: str | None = None, idempotency_key: str | None = None
) -> Call[ProductChange]:
    """Remove a product for good. Raises ProblemError: 404 (`unknown-product`), 412 (`if_match`)."""
    _require_plain(product_id)
    headers = _headers(if_match, idempotency_key)
    return Call("DELETE", address("products", product_id), model(ProductChange), headers=headers)


def remove_image(
    product_id: str, image_id: str, *, if_match: str | None = None, idempotency_key: str | None = None
) -> Call[ProductChange]:
    """Remove one photo of a product, which stays, even without any.

    Raises as `remove_product`, and ProblemError (404, `unknown-image`).
    """
    _require_plain(product_id, image_id)
    path = address("products", product_id) + address("images", image_id)
    return Call("DELETE", path, model(ProductChange), headers=_headers(if_match, idempotency_key))


def batch(operations: Sequence[Operation], *, idempotency_key: str | None = None) -> Call[ChangeBatch]:
    """Up to 1,000 changes in one request of at most 64 MB, each done by itself and in order; `results` says which were.

    Raises ProblemError where the request itself is refused, and then nothing is done.

    >>> shop.batch([PutProduct("P42", "P42-1.jpg", title="Chelsea boot"), RemoveProduct("P8")]).refused
    0
    """
    headers = _headers(None, idempotency_key)
    return Call("POST", "/products/batch", model(ChangeBatch), headers=headers, form=partial(batch_form, operations))


def reload() -> Call[Reloaded]:
    """Make the service look at once whether another generation is live, and wait until it serves it.

    Raises ProblemError: 409 (`generation-refused`), and UnreachableError where that takes longer than `timeout`.
    """
    return Call("POST", "/admin/reload", model(Reloaded), once=True)


def _headers(if_match: str | None, idempotency_key: str | None) -> dict[str, str]:
    headers = {"Idempotency-Key": idempotency_key or uuid4().hex}
    return headers if if_match is None else headers | {"If-Match": if_match}


def _put_form(fields: Fields, photos: Photos) -> Form:
    return [("product", (None, json.dumps(fields.known()).encode())), *image_form(photos)]


def _require_plain(*ids: str) -> None:
    for own in ids:
        if "/images/" in own:  # DELETE /products/A/images/B: a product A/images/B, or a photo of A?
            raise InputError(f"id {own!r}: with /images/ in it an address is ambiguous; use `batch`")
