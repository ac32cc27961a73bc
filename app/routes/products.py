"""GET /products, GET /products/{id} and its neighbours."""

import asyncio

from fastapi import APIRouter, Response

from app.asked import ListParams, PageParams
from app.cache.entries import Match
from app.changes.operations import etag_of
from app.deps import Asking, Clock, List, ListSnapshot, Page, PageSnapshot, Parts, RequestId, Snapshot
from app.live import Loaded
from app.parameters import described
from app.problems import ProblemError
from app.routes.results import category_of, image_url, page_of
from app.schemas import ListedProduct, Product, ProductImage, ProductList, SimilarAnswer
from app.search import similar as similar_to
from engine.index.protocol import Rows
from engine.live.listing import listed
from engine.page_address import page_address

router = APIRouter(tags=["products"])


@router.get("/products", summary="List the products", openapi_extra={"parameters": described(ListParams)})
async def product_list(loaded: ListSnapshot, asked: List) -> ProductList:
    """The products in the order of their ids, page by page, those without photos too."""
    scope = loaded.view.scope(asked.category)
    found = await asyncio.to_thread(listed, loaded.view, asked.after, asked.limit + 1, scope)
    shown = found[: asked.limit]
    return ProductList(
        products=[
            ListedProduct(
                product_id=own.product.product_id,
                title=own.product.title,
                url=page_address(own.product.url),
                category=category_of(own.product.category),
                images=list(own.images),
                image_url=image_url(loaded, own.images[0]) if own.images else None,
            )
            for own in shown
        ],
        next=shown[-1].product.product_id if len(found) > len(shown) else None,
        generation=loaded.generation.id,
        revision=loaded.revision,
    )


# before /products/{id}, whose id may contain slashes
@router.get(
    "/products/{product_id:path}/similar",
    summary="Find other products that look like this one",
    openapi_extra={"parameters": described(PageParams)},
)
async def similar(
    product_id: str,
    service: Parts,
    loaded: PageSnapshot,
    page: Page,
    timing: Clock,
    caller: Asking,
    request_id: RequestId,
    response: Response,
) -> SimilarAnswer:
    """The nearest other products, by the smallest distance between any of this product's codes and theirs."""
    view = loaded.view
    rows = _rows(loaded, product_id)
    scope = view.scope(page.category)
    exclude = {product_id, *page.exclude}

    def work() -> list[Match]:
        return similar_to(view, rows, page.need, scope, exclude, timing)

    matches = await service.compute.run(timing, work, check_wanted=caller.check_wanted)
    service.telemetry.photo_done(timing)
    response.headers["Server-Timing"] = timing.header
    return SimilarAnswer(
        product_id=product_id,
        results=page_of(matches, page, loaded),
        generation=loaded.generation.id,
        revision=loaded.revision,
        took_ms=timing.took_ms,
        request_id=request_id,
    )


@router.get("/products/{product_id:path}", summary="Show a product and its photos")
async def product(product_id: str, loaded: Snapshot, response: Response) -> Product:
    """The product and its photos; the `ETag` is for `If-Match` of a change."""
    stored = loaded.view.stored(product_id)
    if stored is None:
        raise ProblemError("unknown-product", f"no product {product_id!r}")
    # never a 304 by it: it is of the product alone, the same in every generation, and there is more in the answer
    response.headers["ETag"] = etag_of(stored)
    records = loaded.view.records(loaded.view.product(product_id))
    return Product(
        product_id=product_id,
        title=stored.title,
        url=page_address(stored.url),
        category=category_of(stored.category),
        images=[
            ProductImage(
                image_id=own.image_id,
                image_url=image_url(loaded, own.image_id),
                title=own.title,
                url=page_address(own.url),
            )
            for own in records
        ],
        generation=loaded.generation.id,
        revision=loaded.revision,
    )


def _rows(loaded: Loaded, product_id: str) -> Rows:
    rows = loaded.view.product(product_id)
    if len(rows) == 0:
        raise ProblemError("unknown-product", f"no product {product_id!r}")
    return rows
