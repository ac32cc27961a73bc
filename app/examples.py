"""What /openapi.json shows of each route: one request and one answer, of the same small shop.

Here, and not beside each model, so that they tell one story; a test holds each against its own schema.
"""

from typing import Any

Json = dict[str, Any]

_GENERATION = "20261122T091500Z-3fa9c1d2"
_REQUEST = "9a6e8eb150da6c93660e7295c2520ea7"
_AT = {"generation": _GENERATION, "revision": 17}
_BOOTS = {"meta": "Shoes", "level2": "Boots", "leaf": "Chelsea boots"}
_PAGE = "https://shop.example/p/P42"
_ETAG = '"0f3a9d41c1e84f0bb1d7a0c9e2f5a6b7"'
_PHOTOS = ["P42-1.jpg", "P42-2.jpg"]


def _result(rank: int, product: str, score: float | None, similarity: float, distance: int) -> Json:
    return {
        "rank": rank,
        "product_id": product,
        "score": score,
        "match": None if score is None else score >= 0.75,
        "similarity": similarity,
        "distance": distance,
        "image_id": f"{product}-1.jpg",
        "image_url": f"/images/{product}-1.jpg",
        "title": "Chelsea boot, brown" if product == "P42" else "Chelsea boot, black",
        "url": f"https://shop.example/p/{product}",
        "category": _BOOTS,
    }


_FOUND = [_result(1, "P42", 0.97, 0.71, 61), _result(2, "P7", 0.02, 0.48, 128)]
_QUERY = {
    "categories": {
        "meta": [{"id": "Shoes", "probability": 0.98}],
        "level2": [{"id": "Boots", "probability": 0.93}],
        "leaf": [{"id": "Chelsea boots", "probability": 0.88}],
    },
    "width": 1600,
    "height": 1200,
}
_UNREADABLE = {
    "type": "urn:twinshot:problem:unreadable-photo",
    "title": "The photo cannot be read",
    "status": 400,
    "detail": "the bytes are not an image",
    "request_id": _REQUEST,
}
_CHANGED = {"product_id": "P42", "revision": 18, "etag": _ETAG, "images": _PHOTOS, "replayed": False}
_GONE = {**_CHANGED, "etag": None, "images": []}
_ITEM = {"product_id": "P42", "revision": 18, "etag": _ETAG, "images": _PHOTOS, "error": None}
_HEALTH = {"status": "ok"}

PROBLEM: Json = {
    "type": "urn:twinshot:problem:unknown-category",
    "title": "The category is unknown or ambiguous",
    "status": 422,
    "detail": "category 'Kiwi' is ambiguous: path:Fruit/Kiwi, path:Fruit/Kiwi/Kiwi",
    "request_id": _REQUEST,
    "candidates": ["path:Fruit/Kiwi", "path:Fruit/Kiwi/Kiwi"],
}

ANSWERS: dict[str, Json] = {
    "search": {"results": _FOUND, "query": _QUERY, **_AT, "cached": False, "took_ms": 21.4, "request_id": _REQUEST},
    "search_batch": {
        "answers": [
            {"results": _FOUND, "query": _QUERY, "cached": True, "error": None},
            {"results": None, "query": None, "cached": False, "error": _UNREADABLE},
        ],
        **_AT,
        "took_ms": 24.9,
        "request_id": _REQUEST,
    },
    "similar": {
        "product_id": "P42",
        "results": [_result(1, "P7", None, 0.62, 97)],
        **_AT,
        "took_ms": 3.1,
        "request_id": _REQUEST,
    },
    "product_list": {
        "products": [
            {
                "product_id": "P42",
                "title": "Chelsea boot, brown",
                "url": _PAGE,
                "category": _BOOTS,
                "images": _PHOTOS,
                "image_url": "/images/P42-1.jpg",
            }
        ],
        "next": "P42",
        **_AT,
    },
    "product": {
        "product_id": "P42",
        "title": "Chelsea boot, brown",
        "url": _PAGE,
        "category": _BOOTS,
        "images": [
            {"image_id": own, "image_url": f"/images/{own}", "title": "Chelsea boot, brown", "url": _PAGE}
            for own in _PHOTOS
        ],
        **_AT,
    },
    "put_product": _CHANGED,
    "edit_product": _CHANGED,
    "add_images": {**_CHANGED, "images": [*_PHOTOS, "P42-3.jpg"]},
    "remove_image": {**_CHANGED, "images": _PHOTOS[1:]},
    "remove_product": _GONE,
    "change_batch": {
        "results": [
            _ITEM,
            {"product_id": "P8", "revision": None, "etag": None, "images": None, "error": _UNREADABLE},
        ],
        "done": 1,
        "refused": 1,
        "revision": 18,
        "replayed": False,
        "request_id": _REQUEST,
    },
    "changes": {
        "changes": [
            {
                "revision": 17,
                "at": "2026-11-28T03:00:25.031+00:00",
                "product_id": "P42",
                "deleted": False,
                "title": "Chelsea boot, brown",
                "url": _PAGE,
                "category": _BOOTS,
                "images": _PHOTOS,
            }
        ],
        "revision": 17,
        "complete": True,
    },
    "reload": {**_AT, "switched": True},
    "samples": {"samples": [{"name": "01.jpg", "image_url": "/samples/01.jpg"}]},
    "livez": _HEALTH,
    "readyz": _HEALTH,
    "healthz": _HEALTH,
}
"""By operation. What /info says is best seen of the service itself; images and metrics are no JSON."""

PARAMETERS: dict[str, Any] = {
    "category": ["leaf:Chelsea boots"],
    "exclude": ["P8"],
    "box": "0.1,0.2,0.6,0.9",
    "min_score": 0.75,
    "after": "P41",
    "product_id": "P42",
    "image_id": "P42-1.jpg",
    "If-Match": _ETAG,
    "Idempotency-Key": "nightly-2026-11-28-P42",
}
"""By name, wherever it stands."""

_FIELDS = '{"title": "Chelsea boot, brown", "meta": "Shoes", "level2": "Boots", "leaf": "Chelsea boots"}'
BODIES: dict[str, Json] = {
    "put_product": {"product": _FIELDS},
    "edit_product": {"title": "Chelsea boot, brown", "leaf": None},
    "change_batch": {
        "operations": '{"op": "edit", "product_id": "P42", "leaf": null}\n{"op": "delete", "product_id": "P8"}'
    },
}
"""By operation, as far as a body is text: what a photo is, JSON cannot show."""


def show(description: Json) -> None:
    """Add the examples to an OpenAPI description."""
    for operations in description["paths"].values():
        for operation in operations.values():
            _show(operation)
    description["components"]["schemas"]["Problem"]["examples"] = [PROBLEM]


def _show(operation: Json) -> None:
    name = operation["operationId"]
    for parameter in operation.get("parameters", []):
        if parameter["name"] in PARAMETERS:
            _show_parameter(parameter, PARAMETERS[parameter["name"]])
    if name in ANSWERS:
        operation["responses"]["200"]["content"]["application/json"]["example"] = ANSWERS[name]
    if name in BODIES:
        for content in operation["requestBody"]["content"].values():
            content["example"] = BODIES[name]


def _show_parameter(parameter: Json, example: Any) -> None:
    """What may be left out has its example in the schema alone: with `example` Swagger UI would ask with it."""
    if parameter.get("required"):
        parameter["example"] = example
    else:
        parameter["schema"]["examples"] = [example]
