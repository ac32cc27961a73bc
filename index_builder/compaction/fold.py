"""What the log says of a generation: which of its rows are gone, and which rows come to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.bundle.generation import Generation
from engine.bundle.rows import SCHEMA
from engine.changes.long_reads import changes_after
from engine.changes.record import Change, StoredProduct
from engine.changes.state import State
from engine.codes import Codes
from engine.encoder import PhotoEncoder
from engine.index.protocol import Rows
from engine.live.photo_codes import photo_codes
from engine.taxonomy import Path3, sort_key

NO_ROW = -1
_ORDER = [("category", "ascending"), ("product_id", "ascending"), ("image_id", "ascending")]


@dataclass(frozen=True, slots=True)
class Added:
    """Rows that come in, in the order of a generation: by category, product id, image id."""

    table: Any
    """Arrow, of engine.bundle.rows.SCHEMA; `category` is a place in `paths`."""
    paths: tuple[Path3, ...]
    """Their categories, in order."""
    codes: Codes
    """uint8 [rows, bits / 8]."""
    origin: Rows
    """For each the row of the same product's same photo in the generation, else NO_ROW: int64 [rows]."""

    def __len__(self) -> int:
        return len(self.origin)


@dataclass(frozen=True, slots=True)
class Folded:
    """A generation and the changes after its revision, up to `revision`."""

    revision: int
    changed: list[str]
    """The products that the changes speak of."""
    gone: npt.NDArray[np.bool_]
    """Of each row of the generation whether it goes: bool [rows]."""
    added: Added
    products: int
    """How many there are afterwards."""
    incomplete: tuple[StoredProduct, ...]
    left_out: list[tuple[str, str]]
    """Image ids of photos that could not be brought in, with the reason."""


def fold(base: Generation, state: State, encoder: Callable[[], PhotoEncoder]) -> Folded:
    """Read the changes after the revision that `base` includes, once and as one moment has them.

    Memory grows with the changed products, not with the generation. encoder: see engine.live.photo_codes.
    """
    folding = _Folding(base)
    for changes in changes_after(state.log, base.manifest.includes_revision):
        found = photo_codes(base, state, changes, encoder)
        folding.left_out += found.left_out
        folding.take(changes, found.codes)
    return folding.folded()


@dataclass
class _Folding:
    base: Generation
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        manifest = self.base.manifest
        self._revision = manifest.includes_revision
        self._changed: list[str] = []
        self._gone = np.zeros(manifest.rows, dtype=np.bool_)
        self._products = manifest.products
        self._incomplete = {own.product_id: own for own in manifest.incomplete}
        self._paths: dict[Path3, int] = {}
        self._tables: list[Any] = [SCHEMA.empty_table()]
        self._codes: list[Codes] = [np.empty((0, self.base.card.bits // 8), dtype=np.uint8)]
        self._origins: list[int] = []

    def take(self, changes: list[Change], codes: list[dict[str, Codes]]) -> None:
        """A part of the log; `codes` for each change (engine.live.photo_codes)."""
        columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
        added: list[Codes] = []
        for change, own in zip(changes, codes, strict=True):
            rows = self.base.table.product(change.product_id)
            self._gone[rows] = True
            was_there = len(rows) > 0 or change.product_id in self._incomplete
            self._products += (change.product is not None) - was_there
            self._incomplete.pop(change.product_id, None)
            self._changed.append(change.product_id)
            if change.product is not None:
                added += self._put(change.product, rows, own, columns)
        self._revision = changes[-1].revision
        self._tables.append(pa.table(columns, schema=SCHEMA))
        if added:
            self._codes.append(np.stack(added))

    def _put(
        self, product: StoredProduct, rows: Rows, codes: dict[str, Codes], columns: dict[str, list[Any]]
    ) -> list[Codes]:
        """The codes of the rows of a product; what else is known of them goes to `columns`."""
        (digests,) = self.base.table.columns(rows, "sha256")
        own_rows = dict(zip(digests, rows.tolist(), strict=True))
        usable = [photo for photo in product.photos if photo.sha256 in codes]
        if not usable or len(usable) < len(product.photos):
            self._incomplete[product.product_id] = product
        category = self._paths.setdefault(product.category, len(self._paths))
        for photo in usable:
            digest = bytes.fromhex(photo.sha256)
            values = (photo.image_id, product.product_id, category, product.title, product.url, digest)
            for name, value in zip(SCHEMA.names, values, strict=True):
                columns[name].append(value)
            self._origins.append(own_rows.get(digest, NO_ROW))
        return [codes[photo.sha256] for photo in usable]

    def folded(self) -> Folded:
        """All that was taken, in order."""
        paths = sorted(self._paths, key=sort_key)
        place = np.empty(len(paths), dtype=np.int32)
        place[[self._paths[path] for path in paths]] = np.arange(len(paths))
        table = pa.concat_tables(self._tables).combine_chunks()
        categories = pa.array(place[table["category"].to_numpy()], pa.int32())
        table = table.set_column(SCHEMA.names.index("category"), "category", categories)
        order = pa.compute.sort_indices(table, sort_keys=_ORDER)
        places = order.to_numpy()
        added = Added(
            table=table.take(order),
            paths=tuple(paths),
            codes=np.concatenate(self._codes)[places],
            origin=np.array(self._origins, dtype=np.int64)[places],
        )
        incomplete = tuple(self._incomplete[name] for name in sorted(self._incomplete))
        return Folded(self._revision, self._changed, self._gone, added, self._products, incomplete, self.left_out)
