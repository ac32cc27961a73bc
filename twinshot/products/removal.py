"""Products are removed from a running service."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from twinshot.client import Client, RemoveProduct

_BATCH = 1000
"""Operations that a request may have."""


@dataclass(slots=True)
class Removed:
    """How it went: every id is in one of the lists."""

    removed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """There is no such product."""
    refused: dict[str, str] = field(default_factory=dict)
    """Why another one was not removed."""
    revision: int = 0
    """Of the catalogue afterwards."""


def remove_products(client: Client, ids: Sequence[str]) -> Removed:
    """Remove the products. Raises ServiceError where the service cannot be reached or takes no changes."""
    told = Removed()
    each = list(dict.fromkeys(ids))
    for start in range(0, len(each), _BATCH):
        part = each[start : start + _BATCH]
        answer = client.batch([RemoveProduct(own) for own in part])
        told.revision = answer.revision
        for product_id, result in zip(part, answer.results, strict=True):
            if result.error is None:
                told.removed.append(product_id)
            elif result.error.kind == "unknown-product":
                told.missing.append(product_id)
            else:
                told.refused[product_id] = result.error.detail
    return told
