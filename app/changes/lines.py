"""One line of a batch of changes: an operation on a product, or why it is none."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import from_json

from app.changes.operations import Shop, add, edit, put, remove, remove_photo
from app.changes.requests import Id, NewId, ProductFields
from app.known import Known
from app.problems import ProblemError
from app.telemetry import ChangeKind
from app.wording import plain, shown
from engine.changes.record import Change, StoredPhoto


class Operation(Known, ABC):
    """What is done to one product."""

    product_id: Id
    if_match: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The photos that it brings."""
        return ()

    @abstractmethod
    def run(self, shop: Shop, photos: Sequence[StoredPhoto]) -> Change:
        """Do it, with the photos of these names. Raises ChangeError."""


class _Put(Operation, ProductFields):
    op: Literal["put"]
    product_id: NewId
    images: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return self.images

    def run(self, shop: Shop, photos: Sequence[StoredPhoto]) -> Change:
        return put(shop, self.stored(self.product_id, photos), self.if_match)


class _Edit(Operation, ProductFields):
    op: Literal["edit"]

    def run(self, shop: Shop, photos: Sequence[StoredPhoto]) -> Change:
        given = self.model_dump(include=set(ProductFields.model_fields), exclude_unset=True)
        return edit(shop, self.product_id, given, self.if_match)


class _AddImages(Operation):
    op: Literal["add_images"]
    images: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.images

    def run(self, shop: Shop, photos: Sequence[StoredPhoto]) -> Change:
        return add(shop, self.product_id, photos, self.if_match)


class _DeleteImage(Operation):
    op: Literal["delete_image"]
    image_id: str

    def run(self, shop: Shop, photos: Sequence[StoredPhoto]) -> Change:
        return remove_photo(shop, self.product_id, self.image_id, self.if_match)


class _Delete(Operation):
    op: Literal["delete"]

    def run(self, shop: Shop, photos: Sequence[StoredPhoto]) -> Change:
        return remove(shop, self.product_id, self.if_match)


_KINDS: dict[ChangeKind, type[Operation]] = {
    "put": _Put,
    "edit": _Edit,
    "add_images": _AddImages,
    "delete_image": _DeleteImage,
    "delete": _Delete,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it came, and the operation that it is, or why it is none."""

    given: Mapping[str, Any] | None
    read: Operation | ProblemError

    @property
    def kind(self) -> ChangeKind:
        """What it asks for, whether or not it can be done."""
        return _kind(self.given)

    @property
    def product_id(self) -> str | None:
        """The product that it speaks of, if any."""
        return _text(self.given, "product_id")

    @property
    def names(self) -> set[str]:
        """All that it may take for photos, whether or not it can be done."""
        images = (self.given or {}).get("images")
        return {own for own in images if isinstance(own, str)} if isinstance(images, list) else set()


def line_of(number: int, text: bytes) -> Line:
    """What a line asks for; `number` counts from 1."""
    try:
        given = from_json(text)
    except ValueError as error:
        return Line(None, ProblemError("invalid-request", f"operations: line {number} is no JSON ({error})"))
    if not isinstance(given, dict):
        return Line(None, ProblemError("invalid-request", f"operations: line {number} is no JSON object"))
    return Line(given, _read(given))


def _read(given: Mapping[str, Any]) -> Operation | ProblemError:
    kind = _kind(given)
    if kind == "unknown":
        own = "the field is missing" if "op" not in given else f"there is no {shown(str(given['op']))!r}"
        return ProblemError("invalid-request", f"op: {own}; there are {', '.join(_KINDS)}")
    try:
        operation = _KINDS[kind].model_validate(given)
    except ValidationError as error:
        return ProblemError("invalid-request", plain(error.errors()[0]))
    if isinstance(operation, _AddImages) and not operation.images:
        return ProblemError("invalid-request", "images: the field is empty")
    if len(set(operation.names)) < len(operation.names):
        return ProblemError("invalid-request", "images: a photo is named twice")
    return operation


def _kind(given: Mapping[str, Any] | None) -> ChangeKind:
    return next((kind for kind in _KINDS if kind == _text(given, "op")), "unknown")


def _text(given: Mapping[str, Any] | None, name: str) -> str | None:
    value = (given or {}).get(name)
    return value if isinstance(value, str) else None
