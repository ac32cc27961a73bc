"""What a service answers. A field that a newer service adds is passed over.

The client knows nothing of the service's own classes; tests/twinshot/client/test_models.py holds the two together.
"""

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """A part of an answer; it cannot be changed."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class Problem(Answer):
    """What was wrong with one photo or operation of several (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    candidates: tuple[str, ...] | None = None

    @property
    def kind(self) -> str:
        """The last word of `type`, such as `unreadable-photo`."""
        return kind_of(self.type)


def kind_of(urn: str) -> str:
    """`unknown-product` of `urn:twinshot:problem:unknown-product`; empty for another type."""
    prefix, _, kind = urn.rpartition(":")
    return kind if prefix == "urn:twinshot:problem" else ""


class Category(Answer):
    """A category path; a level that is not known is None."""

    meta: str | None
    level2: str | None
    leaf: str | None


class Result(Answer):
    """One product of a ranked list, shown by its best photo."""

    rank: int
    product_id: str
    score: float | None
    match: bool | None
    similarity: float
    distance: int
    image_id: str
    image_url: str | None
    title: str | None
    url: str | None
    category: Category


class CategoryGuess(Answer):
    """A category that the photo may belong to."""

    id: str
    probability: float


class QueryCategories(Answer):
    """What the model takes the photo for, likeliest first."""

    meta: tuple[CategoryGuess, ...]
    level2: tuple[CategoryGuess, ...]
    leaf: tuple[CategoryGuess, ...]


class QueryInfo(Answer):
    """The photo that was sent."""

    categories: QueryCategories
    width: int
    height: int


class SearchAnswer(Answer):
    """What `search` found, best first."""

    results: tuple[Result, ...]
    query: QueryInfo
    generation: str
    revision: int
    cached: bool
    took_ms: float
    request_id: str


class BatchItem(Answer):
    """What `search_batch` found for one photo: either `results`, or `error`."""

    results: tuple[Result, ...] | None
    query: QueryInfo | None
    cached: bool
    error: Problem | None


class BatchAnswer(Answer):
    """What `search_batch` found, in the order of the photos."""

    answers: tuple[BatchItem, ...]
    generation: str
    revision: int
    took_ms: float
    request_id: str


class SimilarAnswer(Answer):
    """The products most like one of the catalogue's, nearest first."""

    product_id: str
    results: tuple[Result, ...]
    generation: str
    revision: int
    took_ms: float
    request_id: str


class ProductImage(Answer):
    """One photo of a product."""

    image_id: str
    image_url: str | None
    title: str | None
    url: str | None


class Product(Answer):
    """A product and its photos; `etag` says for `if_match` what it was."""

    product_id: str
    title: str | None
    url: str | None
    category: Category
    images: tuple[ProductImage, ...]
    generation: str
    revision: int
    etag: str


class ListedProduct(Answer):
    """A product in the list of all; `images` are the ids of its photos."""

    product_id: str
    title: str | None
    url: str | None
    category: Category
    images: tuple[str, ...]
    image_url: str | None


class ProductList(Answer):
    """Products in the order of their ids; `next` is `after` of the next page, None on the last one."""

    products: tuple[ListedProduct, ...]
    next: str | None
    generation: str
    revision: int
