"""What the log says of a product: all of it, or that it is gone."""

from pydantic import BaseModel, ConfigDict, field_serializer

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

    @field_serializer("photos")
    def _in_order(self, photos: tuple[StoredPhoto, ...]) -> tuple[StoredPhoto, ...]:
        """By image id, as a generation has them: the same product reads the same before and after it is folded in."""
        return tuple(sorted(photos, key=lambda own: own.image_id))


class Change(_Record):
    """The last thing that happened to a product: it was put whole, or deleted (`product` None)."""

    revision: int
    at: str
    """UTC, ISO 8601."""
    product_id: str
    product: StoredProduct | None
