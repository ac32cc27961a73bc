"""What callers send to change the catalogue: the fields of a product, and its photos."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from app.changes.write import NewPhoto, Once
from app.form import FIELD, Upload
from app.gate import Gate
from app.known import Known
from app.page_address import PageAddress
from app.problems import ProblemError
from app.wording import plain, shown
from engine.changes.record import StoredPhoto, StoredProduct

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Id = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]

_MEANT = {
    "images": "POST /products/{0}/images adds photos to {0!r}",
    "similar": "GET /products/{0}/similar lists what is like {0!r}",
}


def _own_address(product_id: str) -> str:
    """The id, unless /products/ID is the address of something else: a slip in a method would make a product of it."""
    of, slash, last = product_id.rpartition("/")
    if slash and last in _MEANT:
        meant = _MEANT[last].format(shown(of))
    elif product_id == "batch":
        meant = "POST /products/batch makes many changes"
    else:
        return product_id
    raise ValueError(f"product_id: {shown(product_id)!r} can be no product's id: {meant}")


NewId = Annotated[Id, AfterValidator(_own_address)]
"""The id of a product that is put."""


class ProductFields(Known):
    """All that is known of a product but its photos. What is left out is unknown."""

    title: Text | None = None
    url: PageAddress | None = None
    meta: Text | None = None
    level2: Text | None = None
    leaf: Text | None = None

    def stored(self, product_id: str, photos: Sequence[StoredPhoto]) -> StoredProduct:
        """As the log has it."""
        category = (self.meta, self.level2, self.leaf)
        return StoredProduct(
            product_id=product_id, title=self.title, url=self.url, category=category, photos=tuple(photos)
        )


_ID: TypeAdapter[str] = TypeAdapter(NewId)


def id_of(product_id: str) -> str:
    """The id of a product that is put, from its address. Raises ProblemError."""
    try:
        return _ID.validate_python(product_id)
    except ValidationError as error:
        raise _invalid(error, "product_id") from error


def require_own_address(product_id: str) -> None:
    """Raises ProblemError where the address of a change is that of something else, whether or not that was meant."""
    try:
        _own_address(product_id)
    except ValueError as error:
        detail = f"{error}; a product that a catalogue calls so is changed by POST /products/batch"
        raise ProblemError("invalid-request", detail) from None


def fields_of(uploads: Sequence[Upload]) -> ProductFields:
    """The part `product` of a form, read as JSON. Raises ProblemError."""
    parts = [own for own in uploads if own.name == "product"]
    if len(parts) > 1:
        raise ProblemError("invalid-request", f"product: {len(parts)} parts of this name, at most one")
    try:
        return ProductFields.model_validate_json(parts[0].data if parts else b"{}")
    except ValidationError as error:
        raise _invalid(error, "product") from error


def patch_of(body: bytes) -> dict[str, str | None]:
    """What a JSON merge patch (RFC 7396) changes of a product: null is unknown. Raises ProblemError."""
    try:
        return ProductFields.model_validate_json(body).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise _invalid(error, "patch") from error


def _invalid(error: ValidationError, name: str) -> ProblemError:
    """The first thing wrong with what was sent, said of its field, or of `name` where it is the whole."""
    first = error.errors()[0]
    first["loc"] = (name, *first["loc"])
    return ProblemError("invalid-request", plain(first))


def photos_of(uploads: Sequence[Upload]) -> list[NewPhoto]:
    """The photos among the parts of a form: an id is the file's name, else the SHA-256. Raises ProblemError."""
    photos = [_new_photo(own) for own in uploads if own.name == FIELD]
    twice = [name for name, count in Counter(own.image_id for own in photos).items() if count > 1]
    if twice:
        raise ProblemError("invalid-request", f"{FIELD}: two photos are called {min(twice)!r}; give each its own name")
    return photos


def _new_photo(upload: Upload) -> NewPhoto:
    """A photo under the name of its file, else its SHA-256. Raises ProblemError."""
    image_id = upload.filename or upload.sha256
    if len(image_id) > 500 or not image_id.isprintable():
        raise ProblemError("invalid-request", f"{FIELD}: {image_id[:80]!r} is no name for a photo; use letters")
    return NewPhoto(image_id, upload.sha256, upload.data)


def taking(field: str, gate: Gate) -> Callable[[str], str | None]:
    """Takes parts called `field` and photos, if at the first photo `gate` has room for one. See app.form.Form.

    What is returned says why a part is not taken, and raises QueueFullError.
    """
    photo_seen = False

    def refusal(name: str) -> str | None:
        nonlocal photo_seen
        if name == FIELD and not photo_seen:
            gate.require_room()  # before the photo is read: it could not be worked on
            photo_seen = True
        if name in (field, FIELD):
            return None
        return f"{name or 'a part without a name'}: the form's fields are {field} and {FIELD}"

    return refusal


def once_of(key: str | None, what: Sequence[str], uploads: Sequence[Upload]) -> Once | None:
    """The idempotency key of a request, with the digest of `what` it asks and of all that it sent; None without one."""
    if key is None:
        return None
    parts = [f"{own.name} {own.filename} {own.sha256}" for own in uploads]
    return Once(key, hashlib.sha256("\0".join([*what, *parts]).encode()).hexdigest())
