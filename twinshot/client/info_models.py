"""What a service says of itself."""

from typing import Any

from twinshot.client.models import Answer, Category


class CategoryInfo(Answer):
    """A category of the index; `filter` is how `category=` names it without doubt."""

    category: Category
    filter: str
    rows: int


class ModelInfo(Answer):
    """The model behind the index."""

    backbone: str
    bits: int
    onnx_sha256: str
    weights: str
    licence: str | None


class CalibrationInfo(Answer):
    """Whether scores are calibrated; `min_score` is the threshold behind `match`."""

    available: bool
    reason: str | None
    source: str | None = None
    queries: int | None = None
    ece: float | None = None
    min_score: float | None = None
    precision: float | None = None
    recall: float | None = None


class Limits(Answer):
    """What a request may ask."""

    results: int
    batch: int
    body_bytes: int
    photo_bytes: int
    photo_pixels: int
    photo_types: tuple[str, ...]
    changes: int
    changes_bytes: int


class Info(Answer):
    """What is served."""

    generation: str
    created: str
    revision: int
    rows: int
    products: int
    categories: tuple[CategoryInfo, ...]
    model: ModelInfo
    calibration: CalibrationInfo
    quality: dict[str, Any]
    limits: Limits
    cache: str
    writable: bool


class Reloaded(Answer):
    """What `reload` found."""

    generation: str
    revision: int
    switched: bool
