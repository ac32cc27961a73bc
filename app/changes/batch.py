"""Many changes in one request: JSON lines that name the photos beside them, done one after the other.

What is wrong with one operation is said of that one and spoils no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.changes.answers import ChangeItem, ProductChange
from app.changes.errors import ChangeError
from app.changes.lines import Line, Operation, line_of
from app.changes.operations import Shop
from app.changes.requests import photos_of
from app.changes.write import NewPhoto
from app.form import FIELD, Upload
from app.problems import ProblemError, problem_of
from app.settings import Settings
from app.wording import shown
from engine.changes.record import StoredPhoto
from engine.errors import PhotoError

PART = "operations"
MOST = 1000
"""Operations of one batch."""
BYTES = 64_000_000
"""The largest body."""


def largest(settings: Settings) -> int:
    """The largest body of a batch; one that is larger than all bodies together may be could never be read."""
    return min(BYTES, settings.max_buffered_bytes)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it was sent: its operations, and its photos by name."""

    lines: Sequence[Line]
    photos: Mapping[str, NewPhoto]

    @property
    def needed(self) -> list[NewPhoto]:
        """The photos of the operations that can be done as far as is known without the catalogue."""
        wanted = {name for line in self.lines if isinstance(line.read, Operation) for name in line.read.names}
        return [photo for name, photo in self.photos.items() if name in wanted]

    def run(self, shop: Shop, unusable: Mapping[str, PhotoError], request_id: str) -> list[ChangeItem]:
        """Do all operations in their order; what became of each. `unusable`: photos, by name, that cannot be used."""
        return [self._item(shop, line, unusable, request_id) for line in self.lines]

    def _item(self, shop: Shop, line: Line, unusable: Mapping[str, PhotoError], request_id: str) -> ChangeItem:
        try:
            if isinstance(line.read, ProblemError):
                raise line.read
            photos = [self._photo(name, unusable) for name in line.read.names]
            change = line.read.run(shop, photos)
        except (ProblemError, PhotoError, ChangeError) as error:  # all of them before anything is written
            return ChangeItem.refused(line.product_id, problem_of(error, request_id))
        return ChangeItem.of(ProductChange.of(change))

    def _photo(self, name: str, unusable: Mapping[str, PhotoError]) -> StoredPhoto:
        if name in unusable:
            raise unusable[name]
        if name not in self.photos:
            raise ProblemError("invalid-request", f"images: no photo {shown(name)!r} came with the request")
        return self.photos[name].stored


def batch_of(uploads: Sequence[Upload]) -> Batch:
    """What the parts of a form ask for. Raises ProblemError where that cannot be known."""
    parts = [own.data for own in uploads if own.name == PART]
    if len(parts) != 1:
        raise ProblemError("invalid-request", f"{PART}: {len(parts)} parts of this name, there must be one")
    texts = [(number, text) for number, text in enumerate(parts[0].split(b"\n"), 1) if text.strip()]
    if not 1 <= len(texts) <= MOST:
        raise ProblemError("invalid-request", f"{PART}: {len(texts):,} operations, there must be 1 to {MOST:,}")
    lines = [line_of(number, text) for number, text in texts]
    photos = {own.image_id: own for own in photos_of(uploads)}
    unnamed = photos.keys() - {name for line in lines for name in line.names}
    if unnamed and all(line.given is not None for line in lines):  # else a line that cannot be read may name it
        raise ProblemError("invalid-request", f"{FIELD}: {shown(min(unnamed))!r} is named by no operation")
    return Batch(lines, photos)
