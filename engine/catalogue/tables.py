"""Tables of rows, read as a stream: which format a file has, and what all formats share."""

from collections.abc import Callable, Iterator
from pathlib import Path

from engine.catalogue.bad_row import BadRow
from engine.catalogue.columns import Columns
from engine.catalogue.csv_table import read_csv
from engine.catalogue.json_lines import read_json_lines
from engine.catalogue.parquet import read_parquet
from engine.catalogue.row import Row
from engine.errors import CatalogueError

Reader = Callable[[Path, Columns, str], Iterator[Row | BadRow]]

READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".parquet": read_parquet,
}


def read_table(path: Path, columns: Columns, file: str | None = None) -> Iterator[Row | BadRow]:
    """Every row of a table in order, the bad ones in their places; `file` is what rows call it (default its name).

    Raises CatalogueError when the file is of no known format, cannot be read, or lacks a column.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise CatalogueError(f"{path} is not a table that is read; take one of {', '.join(READERS)}")
    try:
        yield from reader(path, columns, file or path.name)
    except OSError as error:
        raise CatalogueError(f"{path} cannot be read ({error.strerror or error})") from error
