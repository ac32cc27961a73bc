"""The shapes of answers, as docs/api.md gives them."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.problems import Problem

MAX_BATCH = 16
"""Photos of one batch."""

Revision = Annotated[int, Field(description="The revision of the catalogue that was searched.")]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


# Results are plain dataclasses, not even frozen: dozens are made for an answer, which takes longer than all else in it


@dataclass(slots=True)
class Category:
    """A category path; a level that is not known is null."""

    meta: str | None
    level2: str | None
    leaf: str | None


@dataclass(slots=True)
class Result:
    """One product of a ranked list, shown by its best photo."""

    rank: Annotated[int, Field(description="1 is the best; counts through the pages.")]
    product_id: str
    score: Annotated[float | None, Field(description="The calibrated probability that this is the product, or null.")]
    match: Annotated[bool | None, Field(description="Whether the score reaches the recommended threshold, or null.")]
    similarity: Annotated[float, Field(description="Cosine between the photo and the stored code, −1 to 1.")]
    distance: Annotated[int, Field(description="Differing bits.")]
    image_id: str
    image_url: Annotated[str | None, Field(description="The thumbnail, or null where the generation has none.")]
    title: str | None
    url: Annotated[str | None, Field(description="The product's page, http or https, or null.")]
    category: Category


@dataclass(slots=True)
class CategoryGuess:
    """A category that the photo may belong to."""

    id: str
    probability: float


class QueryCategories(_Answer):
    """What the model takes the photo for, likeliest first."""

    meta: list[CategoryGuess]
    level2: list[CategoryGuess]
    leaf: list[CategoryGuess]


class QueryInfo(_Answer):
    """The photo that was sent."""

    categories: QueryCategories
    width: int
    height: int


class SearchAnswer(_Answer):
    """The answer of POST /search."""

    results: list[Result]
    query: QueryInfo
    generation: str
    revision: Revision
    cached: bool
    took_ms: float
    request_id: str


class BatchItem(_Answer):
    """The answer for one photo of a batch: either `results`, or `error`."""

    results: list[Result] | None
    query: QueryInfo | None
    cached: bool
    error: Problem | None


class BatchAnswer(_Answer):
    """The answer of POST /search/batch, in the order of the photos."""

    answers: list[BatchItem]
    generation: str
    revision: Revision
    took_ms: float
    request_id: str


class SimilarAnswer(_Answer):
    """The answer of GET /products/{id}/similar."""

    product_id: str
    results: list[Result]
    generation: str
    revision: Revision
    took_ms: float
    request_id: str


class ProductImage(_Answer):
    """One photo of a product."""

    image_id: str
    image_url: str | None
    title: str | None
    url: str | None


class Product(_Answer):
    """A product as the index has it."""

    product_id: str
    title: str | None
    url: str | None
    category: Category
    images: list[ProductImage]
    generation: str
    revision: Revision


class ListedProduct(_Answer):
    """A product of a list."""

    product_id: str
    title: str | None
    url: str | None
    category: Category
    images: list[str] = Field(description="The ids of its photos.")
    image_url: str | None = Field(description="The thumbnail of the first one, or null.")


class ProductList(_Answer):
    """The answer of GET /products."""

    products: list[ListedProduct]
    next: str | None = Field(description="What `after` is for the next page; null if this is the last.")
    generation: str
    revision: Revision


class CategoryInfo(_Answer):
    """A category of the index; `filter` is how `category=` names it without doubt."""

    category: Category
    filter: str
    rows: int


class ModelInfo(_Answer):
    """The model behind the index."""

    backbone: str
    bits: int
    onnx_sha256: str
    weights: str
    licence: str | None


class CalibrationInfo(_Answer):
    """Whether scores are calibrated; if so from what, how well, and the threshold behind `match`."""

    available: bool
    reason: str | None = Field(description="Why there are no scores.")
    source: str | None = Field(default=None, description="val: held-out photos; catalogue: the indexed photos.")
    queries: int | None = None
    ece: float | None = Field(default=None, description="Expected calibration error of first scores.")
    min_score: float | None = Field(default=None, description="The recommended threshold.")
    precision: float | None = Field(default=None, description="Share of answers at or above it that were right.")
    recall: float | None = Field(default=None, description="Share of findable queries answered rightly above it.")


class Limits(_Answer):
    """What a request may ask."""

    results: int
    batch: int
    body_bytes: int
    photo_bytes: int
    photo_pixels: int
    photo_types: list[str]
    changes: int = Field(description="Operations of one POST /products/batch.")
    changes_bytes: int = Field(description="The largest body of one.")


class Info(_Answer):
    """What is served."""

    generation: str
    created: str
    revision: Revision
    rows: int
    products: int
    categories: list[CategoryInfo]
    model: ModelInfo
    calibration: CalibrationInfo
    quality: dict[str, Any]
    limits: Limits
    cache: str
    writable: bool = Field(description="Whether products can be changed: a state and a write key are set.")


class Sample(_Answer):
    """A photo to try the search with."""

    name: str
    image_url: str


class SampleList(_Answer):
    """The answer of GET /samples."""

    samples: list[Sample]


class RefusedInfo(_Answer):
    """What CURRENT names and is not served."""

    generation: str | None
    reason: str


class Checks(_Answer):
    """What `verbose` adds."""

    generation: Annotated[str | None, Field(description="What is served, or null.")]
    revision: Annotated[int | None, Field(description="The revision of the catalogue in every answer, or null.")]
    loading: Annotated[str | None, Field(description="The generation that is being loaded beside it, or null.")]
    refused: Annotated[RefusedInfo | None, Field(description="The generation that cannot take over, or null.")]
    cache: Annotated[str, Field(description="Which cache, and whether it answers.")]
    process: Annotated[str, Field(description="Whether the process is shutting down.")]


class Health(_Answer):
    """Whether the process is fit; with `verbose` also why."""

    status: Literal["ok", "degraded", "unavailable"]
    checks: Annotated[Checks | None, Field(exclude_if=lambda value: value is None)] = None


class Reloaded(_Answer):
    """The answer of POST /admin/reload."""

    generation: Annotated[str, Field(description="What is served now.")]
    revision: Revision
    switched: Annotated[bool, Field(description="Whether it is another than when the request came.")]
