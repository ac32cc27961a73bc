"""The shapes of answers about changes, as docs/api.md gives them."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.changes.operations import etag_of
from app.problems import Problem
from app.schemas import Category, Revision
from engine.changes.record import Change, StoredProduct
from engine.page_address import page_address


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProductChange(_Answer):
    """What became of a change. It is on the disk, and every answer of this process has it."""

    product_id: str
    revision: Revision
    etag: str | None = Field(description="Of the product as it is now; null where it is gone.")
    images: list[str] = Field(description="The ids of its photos.")
    replayed: bool = Field(description="Whether the same request came before, under the same Idempotency-Key.")

    @classmethod
    def of(cls, change: Change) -> Self:
        """As the log has it."""
        product = change.product
        return cls(
            product_id=change.product_id,
            revision=change.revision,
            etag=None if product is None else etag_of(product),
            images=[] if product is None else sorted(own.image_id for own in product.photos),
            replayed=False,
        )


class ChangeItem(_Answer):
    """What became of one operation of a batch: either `error`, or what it has led to."""

    product_id: str | None = Field(description="As the operation has it; null where it has none.")
    revision: Revision | None
    etag: str | None = Field(description="Of the product as the operation left it; null where it is gone.")
    images: list[str] | None = Field(description="The ids of its photos.")
    error: Problem | None

    @classmethod
    def of(cls, change: ProductChange) -> Self:
        """An operation that was done."""
        return cls(**change.model_dump(exclude={"replayed"}), error=None)

    @classmethod
    def refused(cls, product_id: str | None, error: Problem) -> Self:
        """An operation that was not done."""
        return cls(product_id=product_id, revision=None, etag=None, images=None, error=error)


class ChangeBatch(_Answer):
    """What became of a batch, in the order of its operations. What was done is on the disk, all of it."""

    results: list[ChangeItem]
    done: int
    refused: int
    revision: Revision
    replayed: bool = Field(description="Whether the same request came before, under the same Idempotency-Key.")
    request_id: str


class ChangeRecord(_Answer):
    """The last thing that happened to a product."""

    revision: Revision
    at: str
    product_id: str
    deleted: bool
    title: str | None
    url: str | None
    category: Category
    images: list[str]

    @classmethod
    def of(cls, change: Change) -> Self:
        """As the log has it."""
        product = change.product or StoredProduct(product_id=change.product_id)
        meta, level2, leaf = product.category
        return cls(
            revision=change.revision,
            at=change.at,
            product_id=change.product_id,
            deleted=change.product is None,
            title=product.title,
            url=page_address(product.url),
            category=Category(meta=meta, level2=level2, leaf=leaf),
            images=[own.image_id for own in product.photos],
        )


class ChangeList(_Answer):
    """Changes after a revision, oldest first."""

    changes: list[ChangeRecord]
    revision: Revision
    complete: bool = Field(description="Whether there are no more; else ask again after the last one's revision.")
