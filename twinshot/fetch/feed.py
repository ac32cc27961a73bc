"""A feed of picture URLs becomes a folder of photos and a catalogue."""

import csv
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from engine.catalogue.bad_row import BadRow, Fault, Reason, write_bad_rows
from engine.catalogue.check import PHOTO_FAULTS
from engine.catalogue.columns import FIELDS, Columns, url_digest
from engine.catalogue.row import Row
from engine.catalogue.tables import read_table
from engine.errors import InputError, PhotoError
from engine.files import locked, sync_folder, write_atomic
from engine.preprocess import Preprocessing, decode
from twinshot.fetch.download import Downloader

CATALOGUE_FILE = "catalogue.csv"
FAILED_FILE = "failed.csv"
_THREADS = 8
_FLYING = 64
_SUFFIXES = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "GIF": ".gif",
    "BMP": ".bmp",
    "TIFF": ".tiff",
    "MPO": ".jpg",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """How a feed went. Every row of it is in the catalogue or in `failed`."""

    catalogue: Path
    new: int
    """Pictures that were fetched now."""
    already: int
    """Rows whose picture was there."""
    failed: list[BadRow]


@dataclass(frozen=True, slots=True)
class _Photo:
    image: str
    new: bool


_Outcome = tuple[Row | BadRow, _Photo | Fault | None]


def fetch_feed(
    feed: Path, out: Path, columns: Columns, downloader: Downloader, progress: Callable[[int], None]
) -> Fetched:
    """Fetch what is not there yet and write `out`/catalogue.csv and `out`/failed.csv, in the feed's order.

    A photo is kept as `out`/photos/<2 digits>/<digest of its URL> and never fetched again; it gets that name only
    when it is whole and could be decoded. Raises CatalogueError (the feed), BusyError (another fetch into `out`).
    """
    with locked(out):
        for partial in (out / "photos").glob("*/*.partial"):
            partial.unlink()
        path = out / CATALOGUE_FILE
        partial = path.with_name(f"{CATALOGUE_FILE}.partial")
        failed: list[BadRow] = []
        new = already = 0
        outcomes = _outcomes(feed, out, columns, downloader)
        with partial.open("w", encoding="utf-8", newline="") as text, closing(outcomes):
            table = csv.writer(text, lineterminator="\n")
            table.writerow(FIELDS)
            for done, (entry, outcome) in enumerate(outcomes, start=1):
                if isinstance(entry, BadRow):
                    failed.append(entry)
                elif isinstance(outcome, _Photo):
                    table.writerow(_fields(entry, outcome.image))
                    new, already = new + outcome.new, already + (not outcome.new)
                elif outcome is not None:
                    failed.append(outcome.of(entry))
                progress(done)
        write_bad_rows(out / FAILED_FILE, failed)
        partial.replace(path)
        sync_folder(out)
    return Fetched(path, new, already, failed)


def _outcomes(feed: Path, out: Path, columns: Columns, downloader: Downloader) -> Generator[_Outcome, None, None]:
    """Every row in order with its photo. A URL that stands in several rows is asked for once."""
    spec = Preprocessing()
    asked: dict[str, Future[_Photo | Fault]] = {}
    flying: deque[tuple[Row | BadRow, Future[_Photo | Fault] | None]] = deque()

    def land() -> _Outcome:
        entry, future = flying.popleft()
        if isinstance(entry, BadRow) or future is None:
            return entry, None
        outcome = future.result()
        if isinstance(outcome, _Photo):  # from now on its file answers; failures are remembered
            asked.pop(entry.image, None)
        return entry, outcome

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="fetch") as pool:
        try:
            for entry in read_table(feed, columns):
                if isinstance(entry, Row) and entry.image not in asked:
                    asked[entry.image] = pool.submit(_photo, entry.image, out, spec, downloader)
                flying.append((entry, asked[entry.image] if isinstance(entry, Row) else None))
                if len(flying) > _FLYING:
                    yield land()
            while flying:
                yield land()
        except BaseException:
            downloader.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _photo(url: str, out: Path, spec: Preprocessing, downloader: Downloader) -> _Photo | Fault:
    """The photo behind `url`, from the folder or else from the web."""
    digest = url_digest(url)
    stem = f"photos/{digest[:2]}/{digest}"
    for suffix in _SUFFIXES.values():
        if (out / (stem + suffix)).is_file():
            return _Photo(stem + suffix, new=False)
    try:
        data = downloader.get(url)
        decode(data, spec)
    except PhotoError as error:
        reason, remedy = PHOTO_FAULTS[type(error)]
        return Fault(reason, f"{url}: {error}; {remedy}")
    except InputError as error:
        return Fault(Reason.NOT_FETCHED, str(error))
    with Image.open(BytesIO(data)) as image:
        name = stem + _SUFFIXES[str(image.format)]
    write_atomic(out / name, data)
    return _Photo(name, new=True)


def _fields(row: Row, image: str) -> list[str]:
    meta, level2, leaf = row.category
    values = (image, row.image_id, row.product_id, meta, level2, leaf, row.title, row.split, row.url)
    return [value or "" for value in values]
