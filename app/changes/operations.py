"""What can be done to a product, inside one transaction of the log.

The log has the last word about every product that was ever changed; of all others the generation has it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.changes.errors import (
    ChangedMeanwhileError,
    NoSuchPhotoError,
    NoSuchProductError,
    TakenError,
    TooManyPhotosError,
)
from engine.changes.log import Writing
from engine.changes.record import Change, StoredPhoto, StoredProduct
from engine.live.view import View
from engine.taxonomy import LEVELS

MOST_PHOTOS = 100
"""Photos that a product may have."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The catalogue as a transaction sees it. `view` may be older than the log, which is asked first."""

    writing: Writing
    view: View

    def product(self, product_id: str) -> StoredProduct | None:
        """A product as it is, None if there is none."""
        change = self.writing.change_of(product_id)
        return change.product if change is not None else self.view.stored(product_id)

    def has(self, product_id: str) -> bool:
        """Whether there is a product: far cheaper than what it is, where the generation has it."""
        change = self.writing.change_of(product_id)
        return change.product is not None if change is not None else self.view.has(product_id)

    def owner(self, image_id: str) -> str | None:
        """The product that has the photo of this id."""
        if (owner := self.writing.owner(image_id)) is not None:
            return owner
        row = self.view.generation.table.image(image_id)
        if row is None:
            return None
        product_id = self.view.generation.table.record(row).product_id
        return product_id if self.writing.change_of(product_id) is None else None


def put(shop: Shop, product: StoredProduct, if_match: str | None) -> Change:
    """Make a product what `product` says, whether or not it was there.

    Raises ChangedMeanwhileError, TakenError and TooManyPhotosError.
    """
    _require_match(shop.product(product.product_id), if_match)
    _require_free(shop, product)
    return shop.writing.put(product)


def edit(shop: Shop, product_id: str, fields: Mapping[str, str | None], if_match: str | None) -> Change:
    """Change what is known of a product, a level of its category among it; its photos stay. Raises as `remove`."""
    product = _require(shop, product_id)
    _require_match(product, if_match)
    levels = zip(LEVELS, product.category, strict=True)
    category = tuple(fields.get(level, before) for level, before in levels)
    others = {name: value for name, value in fields.items() if name not in LEVELS}
    return shop.writing.put(product.model_copy(update={**others, "category": category}))


def add(shop: Shop, product_id: str, photos: Sequence[StoredPhoto], if_match: str | None) -> Change:
    """Add photos to a product; one whose id it has already is replaced. Raises as `put`, and NoSuchProductError."""
    product = _require(shop, product_id)
    _require_match(product, if_match)
    new = {photo.image_id: photo for photo in photos}
    kept = [photo for photo in product.photos if photo.image_id not in new]
    changed = product.model_copy(update={"photos": (*kept, *new.values())})
    _require_free(shop, changed)
    return shop.writing.put(changed)


def remove(shop: Shop, product_id: str, if_match: str | None) -> Change:
    """Delete a product. Raises NoSuchProductError and ChangedMeanwhileError."""
    if if_match is not None:
        _require_match(_require(shop, product_id), if_match)
    elif not shop.has(product_id):
        raise _none(product_id)
    return shop.writing.delete(product_id)


def remove_photo(shop: Shop, product_id: str, image_id: str, if_match: str | None) -> Change:
    """Take a photo from a product, which stays, even without any. Raises as `remove`, and NoSuchPhotoError."""
    product = _require(shop, product_id)
    _require_match(product, if_match)
    kept = tuple(photo for photo in product.photos if photo.image_id != image_id)
    if len(kept) == len(product.photos):
        raise NoSuchPhotoError(f"product {product_id!r} has no photo {image_id!r}")
    return shop.writing.put(product.model_copy(update={"photos": kept}))


def etag_of(product: StoredProduct) -> str:
    """The same for equal products, in every process and generation."""
    return f'"{hashlib.sha256(product.model_dump_json().encode()).hexdigest()[:32]}"'


def _require(shop: Shop, product_id: str) -> StoredProduct:
    product = shop.product(product_id)
    if product is None:
        raise _none(product_id)
    return product


def _none(product_id: str) -> NoSuchProductError:
    return NoSuchProductError(f"no product {product_id!r}")


def _require_match(product: StoredProduct | None, if_match: str | None) -> None:
    if if_match is None:
        return
    own = None if product is None else etag_of(product)
    wanted = {tag.strip() for tag in if_match.split(",")}
    if own is None or ("*" not in wanted and own not in wanted):
        is_now = "there is no such product" if own is None else f"it is now {own}"
        raise ChangedMeanwhileError(f"If-Match: {if_match} is not what the product is: {is_now}; read it again")


def _require_free(shop: Shop, product: StoredProduct) -> None:
    if len(product.photos) > MOST_PHOTOS:
        raise TooManyPhotosError(
            f"product {product.product_id!r} would have {len(product.photos)} photos, at most {MOST_PHOTOS}"
        )
    for photo in product.photos:
        owner = shop.owner(photo.image_id)
        if owner not in (None, product.product_id):
            raise TakenError(f"image id {photo.image_id!r} belongs to product {owner!r}; choose another name")
