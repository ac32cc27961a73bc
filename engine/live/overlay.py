"""The changes since a generation, in memory: rows that were added, and which rows have gone since when.

Everything here only grows, and every row knows the revision from which on it is gone. A reader who holds a revision
(`View`) therefore sees one state of the catalogue for as long as he likes, without a lock, while later changes arrive
(multi-version concurrency control, Bernstein and Goodman 1983).
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.bundle.generation import Generation
from engine.bundle.manifest import CategorySlice
from engine.bundle.rows import RowRecord
from engine.changes.record import Change, StoredPhoto, StoredProduct
from engine.codes import Codes
from engine.index.protocol import Rows
from engine.scope import is_in
from engine.taxonomy import Path3

Revisions = npt.NDArray[np.uint32]
"""For each row the revision from which on it is gone; 0: it is there."""
_FIRST = 1024


@dataclass(frozen=True, slots=True)
class _Version:
    """A product from a revision on, None where it is deleted, and its rows."""

    revision: int
    product: StoredProduct | None
    rows: tuple[int, ...]


class Overlay:
    """What one generation has to be read with. One thread at a time may `apply`; any number may read."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        manifest = generation.manifest
        self.base_rows = manifest.rows
        self.codes: Codes = np.empty((_FIRST, generation.card.bits // 8), dtype=np.uint8)
        self.gone: Revisions = np.zeros(_FIRST, dtype=np.uint32)
        # zero pages cost nothing until they are written to
        self.base_gone: Revisions = np.zeros(manifest.rows, dtype=np.uint32)
        self.categories: list[CategorySlice] = list(manifest.categories)
        self.records: list[RowRecord] = []
        self.category: npt.NDArray[np.int32] = np.empty(_FIRST, dtype=np.int32)
        self.base_rows_gone = 0
        self.added_rows_gone = 0
        self.rows_there = manifest.rows
        self.products_there = manifest.products
        self.changed_products = 0
        self.revision = manifest.includes_revision
        self._category_of: dict[Path3, int] = {own.path: i for i, own in enumerate(manifest.categories)}
        self._ids: list[str] = []
        self._products: dict[str, list[_Version]] = {
            own.product_id: [_Version(self.revision, own, tuple(generation.table.product(own.product_id).tolist()))]
            for own in manifest.incomplete
        }
        self._images: dict[str, list[int]] = {}

    def apply(self, change: Change, codes: Mapping[str, Codes]) -> None:
        """Add a change. `codes`: of each of its photos, by SHA-256, uint8 [bits / 8]; a photo without is left out."""
        revision = change.revision
        before = self.rows_of(change.product_id, self.revision)
        for row in before.tolist():
            if row < self.base_rows:
                self.base_gone[row] = revision
                self.base_rows_gone += 1
            else:
                self.gone[row - self.base_rows] = revision
                self.added_rows_gone += 1
        rows = () if change.product is None else self._add(change.product, codes)
        self.rows_there += len(rows) - len(before)
        self.products_there += (change.product is not None) - self.has(change.product_id, self.revision)
        versions = self._products.setdefault(change.product_id, [])
        self.changed_products += not versions or versions[-1].revision <= self.generation.manifest.includes_revision
        versions.append(_Version(revision, change.product, rows))
        self.revision = revision

    def rows_of(self, product_id: str, revision: int) -> Rows:
        """The rows of a product at a revision, int64 [n]; base rows as they are numbered there, added ones behind."""
        version = self._version(product_id, revision)
        if version is not None:
            return np.array(version.rows, dtype=np.int64)
        return self.generation.table.product(product_id)

    def product_of(self, product_id: str, revision: int) -> StoredProduct | None:
        """A product at a revision, None if there is none. Of one that the generation brought along it is made up."""
        version = self._version(product_id, revision)
        if version is not None:
            return version.product
        rows = self.generation.table.product(product_id)
        if not len(rows):
            return None
        return brought_along(product_id, self.generation.table.records(rows), self.categories)

    def has(self, product_id: str, revision: int) -> bool:
        """Whether there is a product at a revision."""
        version = self._version(product_id, revision)
        if version is not None:
            return version.product is not None
        return len(self.generation.table.product(product_id)) > 0

    def is_changed(self, product_id: str, revision: int) -> bool:
        """Whether any change up to a revision speaks of a product."""
        return self._version(product_id, revision) is not None

    def changed_ids(self) -> list[str]:
        """The ids of all products that changes speak of, those after a reader's revision too, sorted."""
        ids = self._ids
        if len(ids) < len(self._products):
            # a dict keeps its order, so the new ones are its end; a list that is nearly sorted is sorted in one pass
            self._ids = ids = sorted([*ids, *list(self._products)[len(ids) :]])
        return ids

    def row_of_image(self, image_id: str, revision: int, rows: int) -> int | None:
        """The row of a photo at a revision, when there were `rows` added ones."""
        added = self.added_row(image_id, revision, rows)
        if added is not None:
            return added
        row_below = self.generation.table.image(image_id)
        if row_below is None or gone_at(int(self.base_gone[row_below]), revision):
            return None
        return row_below

    def added_row(self, image_id: str, revision: int, rows: int) -> int | None:
        """The same, if it is an added one."""
        for row in reversed(self._images.get(image_id, [])):
            if row < rows and not gone_at(int(self.gone[row]), revision):
                return self.base_rows + row
        return None

    def _version(self, product_id: str, revision: int) -> _Version | None:
        versions = self._products.get(product_id, [])
        place = bisect_right(versions, revision, key=lambda own: own.revision)
        return versions[place - 1] if place else None

    def _add(self, product: StoredProduct, codes: Mapping[str, Codes]) -> tuple[int, ...]:
        category = self._index_of(product.category)
        added = []
        for photo in product.photos:
            if photo.sha256 not in codes:
                continue
            row = len(self.records)
            if row == len(self.codes):
                self._grow()
            self.codes[row] = codes[photo.sha256]
            self.category[row] = category
            self.records.append(
                RowRecord(
                    image_id=photo.image_id,
                    product_id=product.product_id,
                    category=category,
                    title=product.title,
                    url=product.url,
                    sha256=bytes.fromhex(photo.sha256),
                )
            )
            self._images.setdefault(photo.image_id, []).append(row)
            added.append(self.base_rows + row)
        return tuple(added)

    def _index_of(self, path: Path3) -> int:
        if path not in self._category_of:
            self._category_of[path] = len(self.categories)
            self.categories.append(CategorySlice(path=path, start=self.base_rows, stop=self.base_rows))
        return self._category_of[path]

    def _grow(self) -> None:
        # readers keep the arrays that they have: rows that they may see never change there but for marks of later
        # revisions, which mean nothing to them
        self.codes = np.concatenate([self.codes, np.empty_like(self.codes)])
        self.category = np.concatenate([self.category, np.empty_like(self.category)])
        self.gone = np.concatenate([self.gone, np.zeros_like(self.gone)])


def brought_along(product_id: str, records: Sequence[RowRecord], categories: Sequence[CategorySlice]) -> StoredProduct:
    """A product of a generation, made up from the records of its photos, at least one: what the first one says."""
    return StoredProduct(
        product_id=product_id,
        title=records[0].title,
        url=records[0].url,
        category=categories[records[0].category].path,
        photos=tuple(StoredPhoto(image_id=own.image_id, sha256=own.sha256.hex()) for own in records),
    )


def gone_at(mark: int, revision: int) -> bool:
    """Whether a row with this mark is gone at a revision."""
    return 0 < mark <= revision


def there(marks: Revisions, revision: int) -> npt.NDArray[np.bool_]:
    """Which rows are there at a revision."""
    kept: npt.NDArray[np.bool_] = (marks == 0) | (marks > revision)
    return kept


def under(categories: Sequence[CategorySlice], paths: Sequence[Path3]) -> frozenset[int]:
    """The numbers of the categories at or below any of `paths`."""
    return frozenset(i for i, own in enumerate(categories) if is_in(own.path, paths))
