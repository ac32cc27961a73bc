"""What a service answers about changes."""

from twinshot.client.models import Answer, Category, Problem


class ProductChange(Answer):
    """What became of a change: it is on the service's disk, and found by its next search."""

    product_id: str
    revision: int
    etag: str | None
    images: tuple[str, ...]
    replayed: bool


class ChangeItem(Answer):
    """What became of one operation of a batch; where it was refused `error` says why, and all else is None."""

    product_id: str | None
    revision: int | None
    etag: str | None
    images: tuple[str, ...] | None
    error: Problem | None


class ChangeBatch(Answer):
    """What became of the operations of a batch, in their order; those that were done are on the service's disk."""

    results: tuple[ChangeItem, ...]
    done: int
    refused: int
    revision: int
    replayed: bool
    request_id: str


class ChangeRecord(Answer):
    """The last thing that happened to a product."""

    revision: int
    at: str
    product_id: str
    deleted: bool
    title: str | None
    url: str | None
    category: Category
    images: tuple[str, ...]


class ChangeList(Answer):
    """Changes, oldest first. Not `complete`: there are more after the last one's revision."""

    changes: tuple[ChangeRecord, ...]
    revision: int
    complete: bool
