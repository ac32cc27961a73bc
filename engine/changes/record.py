"""What the log says of a product: all of it, or that it is gone."""

from pydantic import BaseModel, ConfigDict

from engine.taxonomy import NO_PATH, Path3


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredPhoto(_Record):
    """One photo of a product: its id in the catalogue, and the SHA-256 of its bytes in hexadecimal."""

    image_id: str
    sha256: str


class StoredProduct(_Record):
    """A product as it is after a change."""

    product_id: str
    title: str | None = None
    url: str | None = None
    category: Path3 = NO_PATH
    photos: tuple[StoredPhoto, ...] = ()


class Change(_Record):
    """The last thing that happened to a product: it was put whole, or deleted (`product` None)."""

    revision: int
    at: str
    """UTC, ISO 8601."""
    product_id: str
    product: StoredProduct | None
