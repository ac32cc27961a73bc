"""Changes made to a state as the service makes them: the photo first, then the product that has it."""

import hashlib
from collections.abc import Mapping
from typing import Any

from engine.changes.record import StoredPhoto, StoredProduct
from engine.changes.state import State


def keep(state: State, photo: bytes) -> str:
    """Store a photo; its SHA-256."""
    digest = hashlib.sha256(photo).hexdigest()
    state.photos.keep(digest, photo)
    return digest


def put(state: State, product_id: str, photos: Mapping[str, str], **fields: Any) -> int:
    """Put a product with `photos`, image id to SHA-256; the revision."""
    stored = tuple(StoredPhoto(image_id=image, sha256=digest) for image, digest in photos.items())
    with state.log.writing() as writing:
        return writing.put(StoredProduct(product_id=product_id, photos=stored, **fields)).revision


def delete(state: State, product_id: str) -> int:
    """Delete a product; the revision."""
    with state.log.writing() as writing:
        return writing.delete(product_id).revision
