"""Parquet, some thousand rows at a time; the only file of the catalogue that knows Arrow."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.catalogue.bad_row import BadRow
from engine.catalogue.columns import Columns, text_of
from engine.catalogue.row import Row
from engine.errors import CatalogueError

_BATCH = 4096


def read_parquet(path: Path, columns: Columns, file: str) -> Iterator[Row | BadRow]:
    """Every row in order. Raises CatalogueError for a damaged file, a missing column, or one of lists or bytes."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as table:
            schema = table.schema_arrow
            columns.require(schema.names, file)
            wanted = sorted(set(columns.of.values()) & set(schema.names))
            for name in wanted:
                _check_plain(schema.field(name), path)
            number = 0
            for batch in table.iter_batches(batch_size=_BATCH, columns=wanted, use_threads=False):
                for record in batch.to_pylist():
                    number += 1
                    yield columns.row({name: text_of(value) for name, value in record.items()}, file, number)
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise CatalogueError(f"{path} is not a readable Parquet file ({reason}); write it again") from error


def _check_plain(field: pa.Field, path: Path) -> None:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise CatalogueError(f"column {field.name!r} of {path} holds {field.type}; give it text or numbers")
