"""The catalogue at one revision: what a request sees from its beginning to its end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from engine.bundle.generation import Generation
from engine.bundle.manifest import CategorySlice
from engine.bundle.rows import RowRecord
from engine.changes.record import StoredProduct
from engine.codes import Codes, Floats
from engine.index.flat import scan
from engine.index.protocol import Hits, Rows, Scope, size, sorted_hits
from engine.live.overlay import Overlay, Revisions, there, under
from engine.scope import paths_of, rows_under

FIRST = 256
"""Added rows that are looked at first for all within a radius."""
FEW = 64
"""Added rows that are looked at first: seldom more of them are among the nearest, and fewer cost less."""
SPARE = 16
"""Rows that are asked for besides, where any are gone."""
MORE = 4
"""How many times as many rows are asked for when those were too few."""


@dataclass(frozen=True, slots=True)
class LiveScope:
    """What is searched: rows of the generation, and categories of added rows (None: all)."""

    base: Scope
    categories: frozenset[int] | None


class View:
    """An `Overlay` as it was at its revision when this was made. Implements engine.ranking.Snapshot."""

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay
        self.generation: Generation = overlay.generation
        self.revision = overlay.revision
        self.rows = overlay.rows_there
        self.products = overlay.products_there
        self.changed_products = overlay.changed_products
        self._added = len(overlay.records)
        self._codes: Codes = overlay.codes
        self._gone: Revisions = overlay.gone
        self._category = overlay.category
        self._base_rows_gone = overlay.base_rows_gone
        self._added_rows_gone = overlay.added_rows_gone

    @property
    def added_rows(self) -> int:
        """Rows that changes have brought, those that are gone again among them."""
        return self._added

    @property
    def gone_rows(self) -> int:
        """Rows, of the generation or added, that are there no more."""
        return self._overlay.base_rows + self._added - self.rows

    @property
    def thresholds(self) -> Floats:
        """float32 [bits]."""
        return self.generation.thresholds

    @property
    def short_list(self) -> int:
        """S, the size of the first short list."""
        return self.generation.short_list

    @property
    def categories(self) -> list[CategorySlice]:
        """Every category; one that only added rows have is an empty slice behind the generation's rows."""
        return self._overlay.categories

    @property
    def everything(self) -> LiveScope:
        """The scope of the whole catalogue."""
        return LiveScope(self.generation.manifest.scope, None)

    def scope(self, filters: Iterable[str]) -> LiveScope:
        """What `filters` leave (engine.scope), everything where there are none. Raises ScopeError."""
        wanted = list(filters)
        if not wanted:
            return self.everything
        categories = list(self.categories)
        paths = paths_of(wanted, categories)
        return LiveScope(rows_under(paths, categories), under(categories, paths))

    def nearest(self, code: Codes, count: int, scope: LiveScope) -> Hits:
        """The `count` nearest rows that are there; see HammingIndex. Rows behind the generation's are added ones."""
        base = _nearest(
            lambda asked: self.generation.nearest(code, asked, scope.base),
            size(scope.base),
            count,
            self._base_there,
            self._base_rows_gone / max(self._overlay.base_rows, 1),
        )
        places, codes = self._added_in(scope)
        if not len(codes):
            return base

        def scanned(asked: int) -> Hits:
            hits = scan(codes, code, asked)
            return Hits(self._added_rows(places, hits.rows), hits.distances)

        few = scanned(FEW)
        if len(base) == count and (len(few) < FEW or few.distances[-1] > base.distances[-1]):
            return _merged(base, self._added_there(few), count)  # no other is near enough
        gone = self._added_rows_gone / self._added
        added = _nearest(scanned, len(codes), count, self._added_there, gone)
        return _merged(base, added, count)

    def within(self, code: Codes, radius: int, scope: LiveScope) -> Hits:
        """Every row that is there whose distance is at most `radius`."""
        base = self._base_there(self.generation.within(code, radius, scope.base))
        places, codes = self._added_in(scope)
        asked = FIRST
        while True:
            hits = scan(codes, code, asked)
            if len(hits) < asked or hits.distances[-1] > radius:
                break
            asked *= MORE
        near = int(np.searchsorted(hits.distances, radius, side="right"))
        added = self._added_there(Hits(self._added_rows(places, hits.rows[:near]), hits.distances[:near]))
        return _merged(base, added, None)

    def codes(self, rows: Rows) -> Codes:
        """The codes of `rows`: uint8 [n, bits / 8]."""
        below = rows < self._overlay.base_rows
        if below.all():
            return self.generation.codes(rows)
        result = np.empty((len(rows), self._codes.shape[1]), dtype=np.uint8)
        result[below] = self.generation.codes(rows[below])
        result[~below] = self._codes[rows[~below] - self._overlay.base_rows]
        return result

    def ids(self, rows: Rows) -> tuple[list[str], list[str]]:
        """The product ids and the image ids of `rows`."""
        if (rows < self._overlay.base_rows).all():
            return self.generation.ids(rows)
        records = self.records(rows)
        return [own.product_id for own in records], [own.image_id for own in records]

    def shown(self, rows: Rows) -> tuple[list[int], list[str | None], list[str | None]]:
        """The numbers of the categories of `rows`, their titles, and the addresses of their pages."""
        if (rows < self._overlay.base_rows).all():
            categories, titles, urls = self.generation.table.columns(rows, "category", "title", "url")
            return categories, titles, urls
        records = self.records(rows)
        return [own.category for own in records], [own.title for own in records], [own.url for own in records]

    def records(self, rows: Rows) -> list[RowRecord]:
        """Everything about `rows`; a category is its number in `categories`."""
        base_rows = self._overlay.base_rows
        below = self.generation.table.records(rows[rows < base_rows])
        from_base = iter(below)
        return [next(from_base) if row < base_rows else self._overlay.records[row - base_rows] for row in rows.tolist()]

    def product(self, product_id: str) -> Rows:
        """The rows of a product, int64 [n]; none if there is no such product."""
        return self._overlay.rows_of(product_id, self.revision)

    def stored(self, product_id: str) -> StoredProduct | None:
        """A product with all that is known of it, None if there is none. It may have no photo."""
        return self._overlay.product_of(product_id, self.revision)

    def has(self, product_id: str) -> bool:
        """Whether there is a product."""
        return self._overlay.has(product_id, self.revision)

    def is_changed(self, product_id: str) -> bool:
        """Whether a product is other than the generation has it."""
        return self._overlay.is_changed(product_id, self.revision)

    def changed_ids(self) -> list[str]:
        """The ids of the products that changes speak of, sorted; changes of later revisions may be among them."""
        return self._overlay.changed_ids()

    def image(self, image_id: str) -> int | None:
        """The row of a photo, or None."""
        return self._overlay.row_of_image(image_id, self.revision, self._added)

    def category_rows(self) -> list[int]:
        """How many rows of each of `categories` are there."""
        categories = list(self.categories)
        kept = there(self._gone[: self._added], self.revision)
        added = np.bincount(self._category[: self._added][kept], minlength=len(categories)).tolist()
        counts = [own.stop - own.start for own in categories]
        if self._base_rows_gone:
            marks = self._overlay.base_gone
            counts = [int(np.count_nonzero(there(marks[own.start : own.stop], self.revision))) for own in categories]
        return [base + more for base, more in zip(counts, added, strict=True)]

    def is_base(self, row: int) -> bool:
        """Whether a row is the generation's own."""
        return row < self._overlay.base_rows

    def added_digest(self, image_id: str) -> str | None:
        """The SHA-256, in hexadecimal, of a photo that is not the generation's own row; None if there is none."""
        row = self._overlay.added_row(image_id, self.revision, self._added)
        return None if row is None else self._overlay.records[row - self._overlay.base_rows].sha256.hex()

    def _added_in(self, scope: LiveScope) -> tuple[Rows | None, Codes]:
        """The added rows of a scope, whether or not they are still there: their places (None: all), and codes."""
        if scope.categories is None:
            return None, self._codes[: self._added]
        places = np.flatnonzero(np.isin(self._category[: self._added], list(scope.categories)))
        return places, self._codes[places]

    def _added_rows(self, places: Rows | None, found: Rows) -> Rows:
        """The row numbers of what was found among the added rows at `places`."""
        return (found if places is None else places[found]) + self._overlay.base_rows

    def _base_there(self, hits: Hits) -> Hits:
        if not self._base_rows_gone:
            return hits
        return _kept(hits, there(self._overlay.base_gone[hits.rows], self.revision))

    def _added_there(self, hits: Hits) -> Hits:
        return _kept(hits, there(self._gone[hits.rows - self._overlay.base_rows], self.revision))


def _nearest(search: Callable[[int], Hits], total: int, count: int, keep: Callable[[Hits], Hits], gone: float) -> Hits:
    """The `count` nearest of what `keep` leaves: more are asked for while too many of the nearest are gone.

    `gone`: the share of all that is. Twice as many and SPARE are asked for at first: one scan is then nearly always
    enough, and a few more rows cost nothing beside it.
    """
    asked = count if not gone else count + int(2 * gone * count) + SPARE
    while True:
        kept = keep(search(asked))
        if len(kept) >= count or asked >= total:
            return Hits(kept.rows[:count], kept.distances[:count])
        asked = min(asked * MORE, total)


def _kept(hits: Hits, kept: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> Hits:
    return Hits(hits.rows[kept], hits.distances[kept])


def _merged(one: Hits, other: Hits, count: int | None) -> Hits:
    rows = np.concatenate([one.rows, other.rows])
    return sorted_hits(rows, np.concatenate([one.distances, other.distances]), count)
