"""Reads of the whole log: one consistent view of it, however long they take and whatever is written meanwhile."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from engine.changes.log import AT_ONCE, ChangeLog, change_of_row, connect, translated
from engine.changes.record import Change

PHOTOS_NAMED = (
    "SELECT json_extract(photo.value, '$.sha256') FROM changes, json_each(changes.product, '$.photos') photo "
    "WHERE changes.product IS NOT NULL"
)
"""The SHA-256 of every photo that a product of the log has."""


def changes_after(log: ChangeLog, revision: int) -> Iterator[list[Change]]:
    """Every change after `revision`, oldest first, at most AT_ONCE at a time, as the log was when this began.

    One statement on a connection of its own: SQLite shows it what was committed before its first row, and nobody waits
    for it. The last change of all is the newest of the log.
    """
    with own_connection(log) as connection:
        query = "SELECT revision, at, product_id, product FROM changes WHERE revision > ? ORDER BY revision"
        cursor = connection.execute(query, (revision,))
        while rows := cursor.fetchmany(AT_ONCE):
            yield [change_of_row(row) for row in rows]


def count_after(log: ChangeLog, revision: int) -> int:
    """How many changes there are after `revision`: products, not the changes that were made to them."""
    with own_connection(log) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM changes WHERE revision > ?", (revision,))
        return int(count)


def photos_named(log: ChangeLog) -> set[str]:
    """The SHA-256 in hexadecimal of every photo that a product of the log has."""
    with own_connection(log) as connection:
        return {str(digest) for (digest,) in connection.execute(PHOTOS_NAMED)}


@contextmanager
def own_connection(log: ChangeLog) -> Iterator[sqlite3.Connection]:
    """A connection for one piece of work."""
    with translated(log.path), closing(connect(log.path)) as connection:
        yield connection
