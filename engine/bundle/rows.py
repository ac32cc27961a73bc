"""The row table: what is known of each indexed photo. Arrow files, mapped, one per shard.

Row numbers count through the shards. `lookup.arrow` holds the rows in the order of product ids and of image ids, so
that an id is found by binary search and opening does not grow with the catalogue.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.bundle.manifest import REMEDY
from engine.errors import BundleError
from engine.files import require
from engine.index.protocol import Rows

SCHEMA = pa.schema(
    [
        ("image_id", pa.string()),
        ("product_id", pa.string()),
        ("category", pa.int32()),
        ("title", pa.string()),
        ("url", pa.string()),
        ("sha256", pa.binary(32)),
    ]
)
LOOKUP_SCHEMA = pa.schema([("by_product", pa.int64()), ("by_image", pa.int64())])
LOOKUP_FILE = "lookup.arrow"
_FIRST_BLOCK, _LAST_BLOCK = 16, 1024
"""Rows whose ids are read together: few at first, as most of a thousand categories give a page nothing."""


@dataclass(frozen=True, slots=True)
class RowRecord:
    """One row: `category` is the index of its slice in the manifest."""

    image_id: str
    product_id: str
    category: int
    title: str | None
    url: str | None
    sha256: bytes


class RowTable:
    """All rows of a generation, read from the maps on demand. Safe to call from several threads."""

    def __init__(self, folder: Path, shards: Sequence[str]) -> None:
        """Map `folder`/shards/<name>.rows of `shards` and the lookup. Raises BundleError."""
        tables = [_map(folder / "shards" / f"{name}.rows", SCHEMA) for name in shards]
        self._table = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
        # one array for each column of each shard, an IPC file having one batch: quicker to take rows from than a table
        self._shards = [{name: _whole(table[name]) for name in SCHEMA.names} for table in tables or [self._table]]
        self._starts = np.cumsum([0, *(table.num_rows for table in tables or [self._table])])
        lookup = _map(folder / LOOKUP_FILE, LOOKUP_SCHEMA)
        self.by_product = _numbers(lookup["by_product"])
        """All rows by product id, then image id: int64 [rows], mapped."""
        self.by_image = _numbers(lookup["by_image"])
        """All rows by image id: int64 [rows], mapped."""
        # a change asks for its product up to five times in a row, and a search in cold memory takes long
        self._last: tuple[str | None, Rows] = (None, np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def ids(self, rows: Rows) -> tuple[list[str], list[str]]:
        """The product ids and the image ids of `rows`, int64 [n]."""
        products, images = self.columns(rows, "product_id", "image_id")
        return products, images

    def columns(self, rows: Rows, *names: str) -> list[list[Any]]:
        """Some columns of SCHEMA at `rows`, int64 [n], in their order.

        Shard by shard: a `take` over several would first join all their texts in memory.
        """
        shard = np.searchsorted(self._starts, rows, side="right") - 1
        if len(rows) and (shard == shard[0]).all():  # as those of one product are
            own, taken = self._shards[shard[0]], pa.array(rows - self._starts[shard[0]])
            return [own[name].take(taken).to_pylist() for name in names]
        order = np.argsort(shard, kind="stable")
        found: list[list[Any]] = [[] for _ in names]
        for number in np.unique(shard):
            taken = pa.array(rows[shard == number] - self._starts[number])
            for own, name in zip(found, names, strict=True):
                own.extend(self._shards[number][name].take(taken).to_pylist())
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        return [[own[i] for i in place.tolist()] for own in found]

    def pieces(self, rows: Rows, name: str) -> list[Any]:
        """A column of SCHEMA at `rows`, int64 [n] ascending, as Arrow arrays that follow each other."""
        edges = np.searchsorted(rows, self._starts)
        return [
            own[name].take(pa.array(rows[first:last] - start))
            for own, start, first, last in zip(self._shards, self._starts, edges[:-1], edges[1:], strict=False)
        ]

    def key(self, row: int) -> tuple[str, str]:
        """The product id and the image id of one row: what the rows of a category are sorted by."""
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        own, place = self._shards[number], int(row - self._starts[number])
        return own["product_id"][place].as_py(), own["image_id"][place].as_py()

    def record(self, row: int) -> RowRecord:
        """Everything about one row."""
        return RowRecord(**self._table.slice(row, 1).to_pylist()[0])

    def records(self, rows: Rows) -> list[RowRecord]:
        """Everything about `rows`, int64 [n], in their order; many times quicker than one by one."""
        return [RowRecord(*values) for values in zip(*self.columns(rows, *SCHEMA.names), strict=True)]

    def digests(self) -> npt.NDArray[np.uint8]:
        """The SHA-256 of every row's photo, uint8 [rows, 32]."""
        raw = b"".join(self._table["sha256"].to_pylist())
        return np.frombuffer(raw, dtype=np.uint8).reshape(-1, 32)

    def product(self, product_id: str) -> Rows:
        """The rows of a product by image id, int64 [n], not to be written to; none if there is no such product."""
        last, rows = self._last
        if last == product_id:
            return rows
        ids = _Sorted(self._table["product_id"], self.by_product)
        start = bisect_left(ids, product_id)
        stop = start
        while stop < len(ids) and ids[stop] == product_id:
            stop += 1
        rows = self.by_product[start:stop].copy()
        self._last = product_id, rows
        return rows

    def product_ids(self, after: str, rows: range | None = None) -> Iterator[str]:
        """The product ids greater than `after`, ascending, each once; read from the map as they are taken.

        Of all rows, or of `rows`, which must lie in one category: so they are sorted by product id.
        """
        order = self.by_product if rows is None else rows
        place = bisect_right(_Sorted(self._table["product_id"], order), after)
        last, block = after, _FIRST_BLOCK
        while place < len(order):
            (ids,) = self.columns(np.array(order[place : place + block], dtype=np.int64), "product_id")
            for own in ids:
                if own != last:
                    yield own
                    last = own
            place, block = place + block, min(block * 4, _LAST_BLOCK)

    def image(self, image_id: str) -> int | None:
        """The row of a photo, or None."""
        ids = _Sorted(self._table["image_id"], self.by_image)
        place = bisect_left(ids, image_id)
        return int(self.by_image[place]) if place < len(ids) and ids[place] == image_id else None


class _Sorted(Sequence[str]):
    """A column read through a permutation that sorts it."""

    def __init__(self, column: Any, permutation: Rows | range) -> None:
        self._column, self._permutation = column, permutation

    def __len__(self) -> int:
        return len(self._permutation)

    def __getitem__(self, place: Any) -> Any:
        return self._column[int(self._permutation[place])].as_py()


def write_rows(path: Path, columns: dict[str, Any]) -> None:
    """Write one shard's rows; `columns` has every column of SCHEMA as a list or an Arrow array."""
    _write(path, pa.table(columns, schema=SCHEMA))


def write_lookup(path: Path, product_ids: Sequence[str], image_ids: Sequence[str]) -> None:
    """Write the lookup over all rows, given in row order."""
    count = range(len(product_ids))
    by_product = sorted(count, key=lambda row: (product_ids[row], image_ids[row]))
    by_image = sorted(count, key=lambda row: image_ids[row])
    write_orders(path, by_product, by_image)


def write_orders(path: Path, by_product: Sequence[int] | Rows, by_image: Sequence[int] | Rows) -> None:
    """Write the lookup: all rows by product id and image id, and by image id."""
    _write(path, pa.table({"by_product": by_product, "by_image": by_image}, schema=LOOKUP_SCHEMA))


def _write(path: Path, table: Any) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def _map(path: Path, schema: Any) -> Any:
    require(path, REMEDY)
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (pa.ArrowException, OSError) as error:
        raise BundleError(f"{path} is not a readable Arrow file ({error}); {REMEDY}") from error
    if table.schema != schema:
        raise BundleError(f"{path} does not have the columns {', '.join(schema.names)}; {REMEDY}")
    return table


def _whole(column: Any) -> Any:
    """A column as one array; without a copy where it is one already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _numbers(column: Any) -> Rows:
    if column.num_chunks == 0:
        return np.empty(0, dtype=np.int64)
    numbers: Rows = column.combine_chunks().to_numpy() if column.num_chunks > 1 else column.chunk(0).to_numpy()
    return numbers
