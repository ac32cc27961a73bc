"""Which rows of a catalogue can be used, and what is wrong with the others."""

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

from engine.catalogue.bad_row import BadRow, Fault, Reason
from engine.catalogue.catalogue import Catalogue
from engine.catalogue.row import Row
from engine.errors import CatalogueError, PhotoError, TooLargeError, UnreadableError, UnsupportedError
from engine.preprocess import Preprocessing, decode
from engine.taxonomy import LEVELS, NO_PATH, Level, Path3, Taxonomy
from engine.wording import counted

PHOTO_FAULTS: dict[type[PhotoError], tuple[Reason, str]] = {
    UnreadableError: (Reason.UNREADABLE, "replace it or remove the row"),
    TooLargeError: (Reason.TOO_LARGE, "make it smaller"),
    UnsupportedError: (Reason.UNSUPPORTED_TYPE, "convert it"),
}
"""What `decode` says of a photo, as a reason and a remedy."""

_FLIGHTS = 4
"""Photos under way for each thread: enough that none waits, few enough that memory stays bounded."""


@dataclass(frozen=True)
class Checked:
    """The outcome of `check`. Every row of the catalogue is in `rows` or in `bad`."""

    name: str
    rows: list[Row]
    """The good ones, in the catalogue's order."""
    bad: list[BadRow]
    """The others, in the catalogue's order."""
    duplicates: list[tuple[Row, ...]]
    """Good rows whose photos are byte for byte the same; empty if photos were not looked at."""
    photos: bool
    """Whether photos were decoded, or only found."""

    @cached_property
    def reasons(self) -> Counter[Reason]:
        """Bad rows by reason."""
        return Counter(row.reason for row in self.bad)

    @cached_property
    def splits(self) -> Counter[str | None]:
        """Good rows by split."""
        return Counter(row.split for row in self.rows)

    @cached_property
    def hierarchy(self) -> dict[Level, int]:
        """The number of categories at each level."""
        taxonomy = Taxonomy.from_paths({row.category for row in self.rows})
        return {level: len(taxonomy.level_groups(level)[0]) for level in LEVELS}

    @cached_property
    def labelled(self) -> dict[Level, int]:
        """Good rows that have a name at each level."""
        paths = Counter(row.category for row in self.rows)
        return {level: sum(n for path, n in paths.items() if path[i]) for i, level in enumerate(LEVELS)}

    @cached_property
    def products(self) -> int:
        """The number of different product ids."""
        return len({row.product_id for row in self.rows if row.product_id})


@dataclass(slots=True)
class _Seen:
    """What earlier good rows have said."""

    ids: dict[str, tuple[str, int]] = field(default_factory=dict)
    categories: dict[str, Path3] = field(default_factory=dict)
    digests: dict[bytes, list[Row]] = field(default_factory=dict)


def check(
    catalogue: Catalogue,
    spec: Preprocessing,
    *,
    photos: bool = True,
    threads: int,
    progress: Callable[[int], None] | None = None,
) -> Checked:
    """Look at every row and every photo.

    Photos are decoded as a model with `spec` would, in `threads` threads, a bounded number at a time; without
    `photos` it is only looked whether they are there. Of rows that contradict each other (an image id twice, a
    product in two categories) the first good one stays. `progress` hears the number of rows done.
    Raises CatalogueError when the catalogue itself cannot be read.
    """
    rows: list[Row] = []
    bad: list[BadRow] = []
    seen = _Seen()
    for done, (entry, outcome) in enumerate(_examined(catalogue, spec, photos, threads), start=1):
        if isinstance(entry, BadRow):
            bad.append(entry)
        else:
            fault = outcome if isinstance(outcome, Fault) else _contradiction(entry, seen)
            if fault is not None:
                bad.append(fault.of(entry))
            else:
                rows.append(entry)
                _remember(entry, outcome, seen)
        if progress is not None:
            progress(done)
    duplicates = [tuple(group) for group in seen.digests.values() if len(group) > 1]
    return Checked(catalogue.name, rows, bad, duplicates, photos)


def require_good(checked: Checked, strict: bool) -> None:
    """Raise CatalogueError if `strict` and a row is bad, or if no row is good."""
    total = len(checked.rows) + len(checked.bad)
    if total == 0:
        raise CatalogueError(f"{checked.name} has no rows")
    if checked.bad and (strict or not checked.rows):
        reasons = ", ".join(f"{count:,} {reason.value}" for reason, count in checked.reasons.most_common())
        raise CatalogueError(
            f"{checked.name}: {len(checked.bad):,} of {counted(total, 'row')} cannot be used ({reasons}); "
            f"the first: {checked.bad[0]}"
        )


def _examined(
    catalogue: Catalogue, spec: Preprocessing, photos: bool, threads: int
) -> Iterator[tuple[Row | BadRow, bytes | Fault | None]]:
    """Every entry in order, with what `_look` says of its photo."""
    with ThreadPoolExecutor(threads, thread_name_prefix="check") as pool:
        flying: deque[tuple[Row | BadRow, Future[bytes | Fault | None] | None]] = deque()
        for entry in catalogue.entries():
            look = None if isinstance(entry, BadRow) else pool.submit(_look, catalogue, entry, spec, photos)
            flying.append((entry, look))
            if len(flying) > _FLIGHTS * threads:
                first, looked = flying.popleft()
                yield first, looked.result() if looked else None
        for first, looked in flying:
            yield first, looked.result() if looked else None


def _look(catalogue: Catalogue, row: Row, spec: Preprocessing, photos: bool) -> bytes | Fault | None:
    """The SHA-256 of a good photo (None if photos are not to be read), or its fault."""
    if not catalogue.photos.holds(row.image):
        return Fault(Reason.OUTSIDE_FOLDER, catalogue.outside(row.image))
    try:
        size = catalogue.photos.size(row.image)
        if size is None:
            return Fault(Reason.MISSING_FILE, catalogue.missing(row.image))
        return _digest(catalogue, row, spec, size) if photos else None
    except OSError as error:
        return Fault(Reason.UNREADABLE, f"image {row.image!r} cannot be read ({error.strerror or error})")
    except PhotoError as error:
        reason, remedy = PHOTO_FAULTS[type(error)]
        return Fault(reason, f"image {row.image!r}: {error}; {remedy}")


def _digest(catalogue: Catalogue, row: Row, spec: Preprocessing, size: int) -> bytes:
    if size > spec.max_bytes:  # not even read: it may not fit into memory
        raise TooLargeError(f"the photo has {size:,} bytes, the limit is {spec.max_bytes:,}")
    data = catalogue.photos.read(row.image)
    decode(data, spec)
    return hashlib.sha256(data).digest()


def _contradiction(row: Row, seen: _Seen) -> Fault | None:
    first = seen.ids.get(row.image_id)
    if first is not None:
        message = f"image id {row.image_id!r} stands in row {first[1]} of {first[0]} too; give each photo its own id"
        return Fault(Reason.DUPLICATE_IMAGE_ID, message)
    known = seen.categories.get(row.product_id, NO_PATH) if row.product_id else NO_PATH
    if any(mine and theirs and mine != theirs for mine, theirs in zip(row.category, known, strict=True)):
        names = " and ".join("/".join(name or "-" for name in path) for path in (known, row.category))
        message = f"product {row.product_id!r} stands in {names}; give all its photos one category"
        return Fault(Reason.TWO_CATEGORIES, message)
    return None


def _remember(row: Row, digest: bytes | Fault | None, seen: _Seen) -> None:
    seen.ids[row.image_id] = (row.file, row.number)
    if row.product_id:
        # a photo that is labelled at fewer levels says nothing against one that is labelled at more
        meta, level2, leaf = seen.categories.get(row.product_id, NO_PATH)
        own = row.category
        seen.categories[row.product_id] = (meta or own[0], level2 or own[1], leaf or own[2])
    if isinstance(digest, bytes):
        seen.digests.setdefault(digest, []).append(row)
