"""What callers send to change the catalogue: the fields of a product, and its photos."""

from collections.abc import Sequence
from typing import Annotated

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.body import FIELD
from app.changes.write import NewPhoto
from app.form import Upload
from app.problems import ProblemError
from engine.changes.record import StoredPhoto, StoredProduct

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Id = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ProductFields(BaseModel):
    """All that is known of a product but its photos. What is left out is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Text | None = None
    url: Text | None = None
    meta: Text | None = None
    level2: Text | None = None
    leaf: Text | None = None

    def stored(self, product_id: str, photos: Sequence[StoredPhoto]) -> StoredProduct:
        """As the log has it."""
        category = (self.meta, self.level2, self.leaf)
        return StoredProduct(
            product_id=product_id, title=self.title, url=self.url, category=category, photos=tuple(photos)
        )


_ID: TypeAdapter[str] = TypeAdapter(Id)


def id_of(product_id: str) -> str:
    """A product's id from an address. Raises RequestValidationError."""
    try:
        return _ID.validate_python(product_id)
    except ValidationError as error:
        raise RequestValidationError([{**own, "loc": ("path", "product_id")} for own in error.errors()]) from error


def fields_of(uploads: Sequence[Upload]) -> ProductFields:
    """The part `product` of a form, read as JSON. Raises ProblemError and RequestValidationError."""
    parts = [own for own in uploads if own.name == "product"]
    if len(parts) > 1:
        raise ProblemError("invalid-request", f"product: {len(parts)} parts of this name, at most one")
    try:
        return ProductFields.model_validate_json(parts[0].data if parts else b"{}")
    except ValidationError as error:
        raise RequestValidationError([{**own, "loc": ("product", *own["loc"])} for own in error.errors()]) from error


def photos_of(uploads: Sequence[Upload]) -> list[NewPhoto]:
    """The photos among the parts of a form: an id is the file's name, else the SHA-256. Raises ProblemError."""
    photos = [_new_photo(own) for own in uploads if own.name == FIELD]
    twice = {own.image_id for own in photos if sum(own.image_id == other.image_id for other in photos) > 1}
    if twice:
        raise ProblemError("invalid-request", f"{FIELD}: two photos are called {min(twice)!r}; give each its own name")
    return photos


def _new_photo(upload: Upload) -> NewPhoto:
    """A photo under the name of its file, else its SHA-256. Raises ProblemError."""
    image_id = upload.filename or upload.sha256
    if len(image_id) > 500 or not image_id.isprintable():
        raise ProblemError("invalid-request", f"{FIELD}: {image_id[:80]!r} is no name for a photo; use letters")
    return NewPhoto(image_id, upload.sha256, upload.data)


def refusal(name: str) -> str | None:
    """Why a part of a form is not taken."""
    taken = ("product", FIELD)
    return None if name in taken else f"{name or 'a part without a name'}: the form's fields are {' and '.join(taken)}"
