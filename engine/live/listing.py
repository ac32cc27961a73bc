"""The products of a view in the order of their ids: the generation's and those of changes, merged as they are read.

A page costs what it shows, and what has gone or lies outside the scope in between; never a pass over the catalogue.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter

import numpy as np

from engine.changes.record import StoredProduct
from engine.live.overlay import brought_along
from engine.live.view import LiveScope, View


@dataclass(frozen=True, slots=True)
class Listed:
    """A product, and the ids of those of its photos that can be found."""

    product: StoredProduct
    images: tuple[str, ...]


def listed(view: View, after: str, count: int, scope: LiveScope) -> list[Listed]:
    """The first `count` products whose id is greater than `after`, by id.

    Of `scope` are those that have a photo in it, and those without photos whose own category is in it.
    """
    ids = list(islice(_ids(view, after, scope), count))
    rows = [view.product(product_id) for product_id in ids]
    records = iter(view.records(np.concatenate(rows))) if rows else iter(())
    found = []
    for product_id, own in zip(ids, rows, strict=True):
        photos = list(islice(records, len(own)))
        product = view.stored(product_id) if view.is_changed(product_id) else None
        images = tuple(photo.image_id for photo in photos)
        found.append(Listed(product or brought_along(product_id, photos, view.categories), images))
    return found


def _ids(view: View, after: str, scope: LiveScope) -> Iterator[str]:
    """The ids of the products of `scope` greater than `after`, ascending."""
    paths = None if scope.categories is None else {view.categories[number].path for number in scope.categories}
    changed = view.changed_ids()
    streams = [((own, True) for own in stream) for stream in _base_ids(view, after, scope)]
    streams.append((own, False) for own in changed[bisect_right(changed, after) :])
    for product_id, found in groupby(merge(*streams), key=itemgetter(0)):
        if not view.is_changed(product_id):
            # where no change speaks of it yet it came from the generation, or a later revision has it
            if any(from_base for _, from_base in found):
                yield product_id
            continue
        product = view.stored(product_id)
        if product is not None and (paths is None or product.category in paths):
            yield product_id


def _base_ids(view: View, after: str, scope: LiveScope) -> list[Iterator[str]]:
    """The generation's part of that in streams that are sorted each: a category's rows are, and the look-up is."""
    table = view.generation.table
    if scope.categories is None:
        return [table.product_ids(after)]
    slices = [view.categories[number] for number in scope.categories]
    return [table.product_ids(after, range(own.start, own.stop)) for own in slices if own.start < own.stop]
