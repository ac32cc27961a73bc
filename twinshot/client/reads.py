"""What can be asked of a service. Each is a method of both clients, which send what is made here."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

import httpx

from engine.errors import InputError
from twinshot.client.calls import Call, model
from twinshot.client.change_models import ChangeList
from twinshot.client.info_models import Info
from twinshot.client.models import BatchAnswer, Product, ProductList, SearchAnswer, SimilarAnswer
from twinshot.client.photos import Photo, query_form

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 as fractions of the upright photo."""
Params = tuple[tuple[str, str], ...]


def search(
    photo: Photo,
    *,
    limit: int = 10,
    offset: int = 0,
    category: str | Sequence[str] = (),
    min_score: float | None = None,
    exclude: str | Sequence[str] = (),
    box: Box | None = None,
    min_revision: int | None = None,
) -> Call[SearchAnswer]:
    """The products most like the photo, best first.

    category: `meta:X`, `level2:X`, `leaf:X`, `path:META/LEVEL2/LEAF` (`path:` alone: what has no category), or a name
        that only one category has; of several, any.
    exclude: product ids to leave out.
    box: the part of the photo to search with.
    min_revision: wait until the catalogue has this revision, as a change answered it.

    Raises ProblemError: 400 (no image), 413, 415, 422 (such as an unknown category, or `min_score` without scores).

    >>> for result in shop.search("photo.jpg", limit=3).results:
    ...     print(result.product_id, result.score, result.match)
    """
    asked = _page(limit, offset, category, exclude, min_revision) + _part(min_score, box)
    return Call("POST", "/search", model(SearchAnswer), asked, form=partial(query_form, [photo]))


def search_batch(
    photos: Sequence[Photo],
    *,
    limit: int = 10,
    offset: int = 0,
    category: str | Sequence[str] = (),
    min_score: float | None = None,
    exclude: str | Sequence[str] = (),
    box: Box | None = None,
    min_revision: int | None = None,
) -> Call[BatchAnswer]:
    """`search` for 1 to 16 photos (`info().limits.batch`): one list each, or an error where a photo cannot be used."""
    asked = _page(limit, offset, category, exclude, min_revision) + _part(min_score, box)
    return Call("POST", "/search/batch", model(BatchAnswer), asked, form=partial(query_form, photos))


def product(product_id: str) -> Call[Product]:
    """A product and its photos. Raises ProblemError (404, `unknown-product`)."""
    return Call("GET", address("products", product_id), _product)


def similar(
    product_id: str,
    *,
    limit: int = 10,
    offset: int = 0,
    category: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    min_revision: int | None = None,
) -> Call[SimilarAnswer]:
    """The other products that look most like this one, nearest first; their `score` is None.

    The parameters are those of `search`. Raises ProblemError (404, `unknown-product`).
    """
    asked = _page(limit, offset, category, exclude, min_revision)
    return Call("GET", address("products", product_id) + "/similar", model(SimilarAnswer), asked)


def products(
    *, category: str | Sequence[str] = (), after: str | None = None, limit: int = 50, min_revision: int | None = None
) -> Call[ProductList]:
    """One page of the products, in the order of their ids; `all_products` goes through all pages.

    after: only products whose id is greater: `next` of the page before.
    """
    asked = _given(limit=limit, after=after, min_revision=min_revision) + _each("category", category)
    return Call("GET", "/products", model(ProductList), asked)


def changes(*, since: int = 0, limit: int = 100) -> Call[ChangeList]:
    """What changed after the revision `since`, oldest first: of each product only what last happened to it."""
    return Call("GET", "/changes", model(ChangeList), _given(since=since, limit=limit))


def image(image_id: str) -> Call[bytes]:
    """The thumbnail of a photo of the catalogue: a WebP whose long side is at most 256 pixels.

    Raises ProblemError (404, `unknown-image`), also where the index was built without thumbnails.
    """
    return Call("GET", address("images", image_id), lambda response: response.content)


def info() -> Call[Info]:
    """What is served: generation, categories, model, calibration, limits."""
    return Call("GET", "/info", model(Info))


def ready() -> Call[bool]:
    """Whether the service can answer at this moment. Raises UnreachableError where there is none."""
    return Call("GET", "/readyz", lambda response: response.status_code == 200, once=True, taken=frozenset({503}))


def address(*names: str) -> str:
    """`/products/P42`: names as parts of an address, percent-encoded. Raises InputError for one that is empty."""
    if not all(names):
        raise InputError(f"{names[0]}: the id is empty")
    # a part "." or ".." would be taken for a step through the address
    parts = [quote(own, safe="") if own.strip(".") else own.replace(".", "%2E") for own in names]
    return "/" + "/".join(parts)


def _page(
    limit: int,
    offset: int,
    category: str | Sequence[str],
    exclude: str | Sequence[str],
    min_revision: int | None,
) -> Params:
    asked = _given(limit=limit, offset=offset or None, min_revision=min_revision)
    return asked + _each("category", category) + _each("exclude", exclude)


def _part(min_score: float | None, box: Box | None) -> Params:
    return _given(min_score=min_score, box=None if box is None else ",".join(map(str, box)))


def _given(**asked: float | str | None) -> Params:
    return tuple((name, str(value)) for name, value in asked.items() if value is not None)


def _each(name: str, values: str | Sequence[str]) -> Params:
    return tuple((name, own) for own in ([values] if isinstance(values, str) else values))


def _product(response: httpx.Response) -> Product:
    return Product.model_validate({**response.json(), "etag": response.headers["ETag"]})
