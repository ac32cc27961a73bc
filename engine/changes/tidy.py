"""What nothing needs any more of a state: photos, thumbnails and embeddings that the log does not speak of."""

import json
import time
from collections.abc import Collection
from dataclasses import dataclass

from engine.changes.log import ChangeLog
from engine.changes.long_reads import PHOTOS_NAMED, own_connection, photos_named
from engine.changes.state import State

SLACK = 24 * 3600.0
"""Seconds that a file stays though no product has it: the change that it came with may still be under way."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many photos, thumbnails and embeddings were deleted."""

    photos: int
    thumbs: int
    embeddings: int


def tidy(state: State, models: Collection[str]) -> Tidied:
    """Delete the files of photos that no product of the log has, and embeddings of such photos or of other models.

    models: the keys (engine.live.photo_codes) of those whose embeddings may be asked for again.
    A photo that is kept once more just now is new again, so SLACK covers it too (engine.changes.photos).
    """
    needed = photos_named(state.log)
    before = time.time() - SLACK
    photos, thumbs = state.photos.clear(needed, before), state.thumbs.clear(needed, before)
    return Tidied(photos, thumbs, _drop_embeddings(state.log, models))


def _drop_embeddings(log: ChangeLog, models: Collection[str]) -> int:
    # one statement is one transaction: an embedding and the product that it is for are committed together
    query = (
        f"DELETE FROM embeddings WHERE model NOT IN (SELECT value FROM json_each(?)) OR sha256 NOT IN ({PHOTOS_NAMED})"
    )
    with own_connection(log) as connection:
        return connection.execute(query, (json.dumps(sorted(models)),)).rowcount
