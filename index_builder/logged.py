"""The log's word above the catalogue's: what every product is that was changed while it was served."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from engine.catalogue.bad_row import BadRow, Reason
from engine.catalogue.catalogue import Catalogue
from engine.catalogue.photos import FolderPhotos, Photos
from engine.catalogue.row import Row
from engine.changes.log import LOG_FILE
from engine.changes.long_reads import changes_after
from engine.changes.photos import PhotoStore
from engine.changes.record import Change, StoredPhoto, StoredProduct
from engine.changes.state import open_state
from index_builder.cache import Digests

NO_CATALOGUE = "(empty)"
"""The name of what is indexed where there is no catalogue."""


@dataclass(frozen=True, slots=True)
class Word:
    """The log at one moment: the last change of each product that it speaks of, and the revision of the last of all."""

    state_id: str
    folder: Path
    """Of the state."""
    photos: PhotoStore
    revision: int
    changes: dict[str, Change]

    @property
    def deleted(self) -> set[str]:
        """The products that are there no more."""
        return {own.product_id for own in self.changes.values() if own.product is None}

    @property
    def products(self) -> list[tuple[int, StoredProduct]]:
        """The products that are there, with their revisions, oldest change first."""
        return [(own.revision, own.product) for own in self.changes.values() if own.product is not None]


def read_word(folder: Path) -> Word:
    """The word of the log in a state folder, in one consistent read. Raises StateError."""
    with closing(open_state(folder, begin=False)) as state:
        changes = [change for part in changes_after(state.log, 0) for change in part]
        revision = changes[-1].revision if changes else 0
        return Word(state.log.state_id, folder, state.photos, revision, {own.product_id: own for own in changes})


def with_word(catalogue: Catalogue | None, word: Word) -> Catalogue:
    """`catalogue` (None: an empty one) as the log has changed it.

    Its rows of products that the log speaks of are replaced by what the log says: the photos of a product that was put,
    nothing of one that was deleted. Held-out rows stay, for they are questions; they take the product's category.
    """
    own = [_row_or_fault(word, *named) for named in _named(word, catalogue)]
    photos = _BothPhotos(word.folder, catalogue.photos if catalogue else None)

    def entries() -> Iterator[Row | BadRow]:
        yield from own
        if catalogue is not None:
            yield from _others(catalogue, word)

    return Catalogue(catalogue.name if catalogue else NO_CATALOGUE, photos, entries)


def stay_removed(catalogue: Catalogue, word: Word) -> list[str]:
    """The ids of the products that `catalogue` would put into the index and that were deleted through the log."""
    deleted = word.deleted
    rows = (entry for entry in catalogue.entries() if isinstance(entry, Row) and entry.indexed) if deleted else ()
    return list(dict.fromkeys(row.product for row in rows if row.product in deleted))


def incomplete(word: Word, rows: Sequence[Row], digests: Digests) -> tuple[StoredProduct, ...]:
    """The products that are not in `rows` as the log has them: without photos, or with some that cannot be used.

    digests: the SHA-256 of the photos of `rows`, uint8 [rows, 32].
    """
    found: dict[str, set[StoredPhoto]] = {}
    for row, digest in zip(rows, digests, strict=True):
        if row.product in word.changes:
            photo = StoredPhoto(image_id=row.image_id, sha256=digest.tobytes().hex())
            found.setdefault(row.product, set()).add(photo)
    return tuple(
        own for _, own in word.products if not own.photos or found.get(own.product_id, set()) != set(own.photos)
    )


def _others(catalogue: Catalogue, word: Word) -> Iterator[Row | BadRow]:
    """The rows of `catalogue` that stay."""
    for entry in catalogue.entries():
        change = None if isinstance(entry, BadRow) else word.changes.get(entry.product)
        if isinstance(entry, BadRow) or change is None:
            yield entry
        elif not entry.indexed:
            yield entry if change.product is None else replace(entry, category=change.product.category)


def _named(word: Word, catalogue: Catalogue | None) -> list[tuple[int, StoredProduct, StoredPhoto, str | None]]:
    """Every photo of the log, and the name under which it is read: the state's file, else that of the catalogue's row.

    A photo that came with the catalogue is not in the state when its product was only changed afterwards.
    """
    store = word.photos
    named = [(revision, own, photo) for revision, own in word.products for photo in own.photos]
    there = {photo.sha256 for _, _, photo in named if store.has(photo.sha256)}
    away = {(own.product_id, photo.image_id) for _, own, photo in named if photo.sha256 not in there}
    rows = (entry for entry in catalogue.entries() if isinstance(entry, Row)) if catalogue and away else ()
    brought = {(row.product, row.image_id): row.image for row in rows if (row.product, row.image_id) in away}
    return [
        (revision, own, photo, os.path.abspath(store.path(photo.sha256)))  # noqa: PTH100 - as _BothPhotos compares
        if photo.sha256 in there
        else (revision, own, photo, brought.get((own.product_id, photo.image_id)))
        for revision, own, photo in named
    ]


def _row_or_fault(
    word: Word, revision: int, product: StoredProduct, photo: StoredPhoto, image: str | None
) -> Row | BadRow:
    file = str(word.folder / LOG_FILE)
    if image is None:
        message = (
            f"photo {photo.image_id!r} of product {product.product_id!r} is neither in the state nor in the catalogue; "
            "restore photos/ of the state from a backup, or put the product again"
        )
        return BadRow(file, revision, photo.image_id, Reason.MISSING_FILE, message)
    return Row(
        image=image,
        image_id=photo.image_id,
        product_id=product.product_id,
        category=product.category,
        title=product.title,
        split=None,
        url=product.url,
        file=file,
        number=revision,
        shelved=True,
    )


class _BothPhotos:
    """The photos of a state by their absolute paths, and those of a catalogue by its names."""

    def __init__(self, state: Path, catalogue: Photos | None) -> None:
        folder = state / "photos"
        self._state = FolderPhotos(folder)
        self._root = os.path.abspath(folder) + "/"  # noqa: PTH100 - resolve() would follow links
        self._catalogue = catalogue or self._state
        self.where = self._state.where if catalogue is None else catalogue.where

    def holds(self, image: str) -> bool:
        return self._store(image).holds(image)

    def size(self, image: str) -> int | None:
        return self._store(image).size(image)

    def read(self, image: str) -> bytes:
        return self._store(image).read(image)

    def _store(self, image: str) -> Photos:
        return self._state if image.startswith(self._root) else self._catalogue
