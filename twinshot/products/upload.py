"""A catalogue is put into a running service: its products by batches, what was refused by file and row."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.catalogue.bad_row import BadRow
from engine.catalogue.catalogue import Catalogue
from engine.catalogue.check import Checked
from engine.catalogue.row import Row
from engine.errors import InputError, PhotoError
from engine.preprocess import Preprocessing, decode
from twinshot.client import AddImages, Client, Operation, ProblemError, PutProduct
from twinshot.client.photos import named

_PHOTOS = 50
_BYTES = 16_000_000
"""What a batch may have before the next one begins: enough that its way does not count, seconds of work."""
_ABOUT_WHAT_WAS_SENT = frozenset({400, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class Refused:
    """A product that was not changed, and the row that is to blame, else its first."""

    row: Row
    message: str

    def __str__(self) -> str:
        return f"{self.row.where}: product {self.row.product!r}: {self.message}"


@dataclass(slots=True)
class Uploaded:
    """How it went. Every row to be indexed is in `products` that were done, in `refused` or in `bad`."""

    bad: list[BadRow]
    """Rows that were left out; the other photos of their products were sent."""
    products: int = 0
    photos: int = 0
    revision: int = 0
    """Of the catalogue after the last change."""
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Product:
    rows: Sequence[Row]
    operation: PutProduct | AddImages
    photos: dict[str, bytes]


def upload(
    client: Client, catalogue: Catalogue, checked: Checked, add_photos: bool, progress: Callable[[int], None]
) -> Uploaded:
    """Put the products of `checked` that are to be indexed, each with all its photos; `add_photos`: only add those.

    Interrupted it can be begun again: what was put is put once more, and is the same. `progress` hears the number of
    products done. Raises ServiceError where the service cannot be reached or takes no changes.
    """
    told = Uploaded(checked.bad)
    waiting: list[_Product] = []
    done = 0
    for rows in _by_product(checked.rows).values():
        try:
            product = _product(catalogue, rows, add_photos)
        except InputError as error:
            told.refused.append(Refused(rows[0], str(error)))
            continue
        if waiting and not _fits([*waiting, product]):
            _send(client, waiting, told)
            progress(done := done + len(waiting))
            waiting = []
        waiting.append(product)
    _send(client, waiting, told)
    progress(done + len(waiting))
    return told


def _by_product(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.indexed:
            found.setdefault(row.product, []).append(row)
    return found


def _product(catalogue: Catalogue, rows: Sequence[Row], add_photos: bool) -> _Product:
    """A product as its rows have it: of each field the first value that is there. Raises InputError."""
    photos = {row.image_id: catalogue.read(row) for row in rows}
    named(photos)
    product_id = rows[0].product
    if add_photos:
        return _Product(rows, AddImages(product_id, photos), photos)
    meta, level2, leaf = (_first(row.category[level] for row in rows) for level in range(3))
    title, url = _first(row.title for row in rows), _first(row.url for row in rows)
    put = PutProduct(product_id, photos, title=title, url=url, meta=meta, level2=level2, leaf=leaf)
    return _Product(rows, put, photos)


def _first(values: Iterator[str | None]) -> str | None:
    return next((own for own in values if own is not None), None)


def _fits(products: Sequence[_Product]) -> bool:
    photos = [data for own in products for data in own.photos.values()]
    return len(photos) <= _PHOTOS and sum(map(len, photos)) <= _BYTES


def _send(client: Client, products: Sequence[_Product], told: Uploaded) -> None:
    """Send a batch. Where it is refused as a whole for what is in it, its halves are sent: one product is to blame."""
    if not products:
        return
    operations: list[Operation] = [own.operation for own in products]
    try:
        answer = client.batch(operations)
    except ProblemError as error:
        if error.status not in _ABOUT_WHAT_WAS_SENT:
            raise
        if len(products) == 1:
            told.refused.append(Refused(_to_blame(products[0]), error.detail or str(error)))
            return
        half = len(products) // 2
        _send(client, products[:half], told)
        _send(client, products[half:], told)
        return
    told.revision = max(told.revision, answer.revision)
    for own, result in zip(products, answer.results, strict=True):
        if result.error is not None:
            told.refused.append(Refused(_to_blame(own), result.error.detail))
        else:
            told.products += 1
            told.photos += len(own.photos)


def _to_blame(product: _Product) -> Row:
    """The first row whose photo cannot be used, which the service may not say; else the first one."""
    for row in product.rows:
        try:
            decode(product.photos[row.image_id], Preprocessing())
        except PhotoError:
            return row
    return product.rows[0]
