"""The log of changes: SQLite in WAL mode, durable before anything is acknowledged, shared by the processes of a host.

A change holds the whole product as it is afterwards, so of several changes of one product only the last says anything:
the earlier ones are dropped as it is written. The log is therefore as large as the products that were ever changed, and
a deletion is kept for good: whatever old catalogue or generation is brought back, the deleted product is not in it.

Revisions count up by one a change and are never used again. The folder holds `changes.sqlite` and `photos/`.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

import numpy as np

from engine.changes.record import Change, StoredProduct
from engine.codes import Floats
from engine.errors import BusyError, StateError

LOG_FILE = "changes.sqlite"
FORMAT = 1
BUSY_SECONDS = 10.0
"""How long a writer waits for another process's transaction."""
AT_ONCE = 500
"""Changes in memory together, for who reads many."""
_SCHEMA = """
CREATE TABLE state (id TEXT NOT NULL);
CREATE TABLE changes (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    product TEXT
);
CREATE TABLE images (image_id TEXT PRIMARY KEY, product_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX images_of_product ON images (product_id);
CREATE TABLE embeddings (
    model TEXT NOT NULL, sha256 TEXT NOT NULL, embedding BLOB NOT NULL, PRIMARY KEY (model, sha256)
) WITHOUT ROWID;
CREATE TABLE answers (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, answer TEXT NOT NULL, at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX answers_by_age ON answers (at);
"""


class ChangeLog:
    """The log of one state folder. Safe to call from several threads and from several processes."""

    def __init__(self, folder: Path) -> None:
        """Open `folder`/changes.sqlite, made where there is none. Raises StateError.

        Whatever SQLite refuses of it later is a StateError too, or a BusyError (`translated`).
        """
        self.path = folder / LOG_FILE
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        with translated(self.path):
            self._writer = connect(self.path)
            self._prepare()
            self._reader = connect(self.path)
            ((state_id,),) = self._reader.execute("SELECT id FROM state")
        self.state_id: str = state_id
        """Made by chance with the log; copies of a state have the same."""

    def _prepare(self) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version == FORMAT:
            return
        if version:
            raise StateError(f"{self.path} has format {version}, this version of Twinshot reads {FORMAT}")
        self._writer.execute("BEGIN IMMEDIATE")
        if self._writer.execute("PRAGMA user_version").fetchone() == (0,):  # else another process has just made it
            for statement in _SCHEMA.split(";"):
                self._writer.execute(statement)
            self._writer.execute("INSERT INTO state VALUES (?)", (token_hex(8),))
            self._writer.execute(f"PRAGMA user_version = {FORMAT}")
        self._writer.execute("COMMIT")

    @property
    def revision(self) -> int:
        """The revision of the last change, 0 where nothing has changed yet."""
        with self._reading, translated(self.path):
            return int(self._reader.execute("SELECT coalesce(max(revision), 0) FROM changes").fetchone()[0])

    def since(self, revision: int, most: int = -1) -> list[Change]:
        """Changes after `revision`, oldest first, at most `most`: of each product the last one alone."""
        query = "SELECT revision, at, product_id, product FROM changes WHERE revision > ? ORDER BY revision LIMIT ?"
        with self._reading, translated(self.path):
            rows = self._reader.execute(query, (revision, most)).fetchall()
        return [change_of_row(row) for row in rows]  # others may read meanwhile

    def change_of(self, product_id: str) -> Change | None:
        """What last happened to a product, None where the log has nothing of it."""
        with self._reading, translated(self.path):
            return _change_of(self._reader, product_id)

    def embeddings(self, model: str, digests: Sequence[str]) -> dict[str, Floats]:
        """The embeddings, float32 [bits], that `model` made of photos, by their SHA-256; those that are known."""
        found = {}
        with self._reading, translated(self.path):
            for digest in dict.fromkeys(digests):
                query = "SELECT embedding FROM embeddings WHERE model = ? AND sha256 = ?"
                row = self._reader.execute(query, (model, digest)).fetchone()
                if row is not None:
                    found[digest] = np.frombuffer(row[0], dtype="<f4")
        return found

    @contextmanager
    def writing(self) -> Iterator["Writing"]:
        """One transaction: all of it is on the disk once this ends, or nothing if it ends with an error.

        Nobody else writes meanwhile. Raises BusyError where another process holds the log for BUSY_SECONDS.
        """
        with self._lock, translated(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield Writing(self._writer)
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, self._reading:
            self._writer.close()
            self._reader.close()


class Writing:
    """A transaction on the log."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def change_of(self, product_id: str) -> Change | None:
        """What last happened to a product, as no one can change it any more before this transaction ends."""
        return _change_of(self._connection, product_id)

    @property
    def revision(self) -> int:
        """The revision of the last change, those of this transaction among them."""
        return int(self._connection.execute("SELECT coalesce(max(revision), 0) FROM changes").fetchone()[0])

    def owner(self, image_id: str) -> str | None:
        """The product of the log that has a photo of this id."""
        row = self._connection.execute("SELECT product_id FROM images WHERE image_id = ?", (image_id,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, product: StoredProduct) -> Change:
        """Make the product what `product` says."""
        change = self._replace(product.product_id, product)
        owned = [(photo.image_id, product.product_id) for photo in product.photos]
        self._connection.executemany("INSERT INTO images VALUES (?, ?)", owned)
        return change

    def delete(self, product_id: str) -> Change:
        """Say that there is no such product."""
        return self._replace(product_id, None)

    def keep_embedding(self, model: str, digest: str, embedding: Floats) -> None:
        """Remember what `model` made of a photo: float32 [bits]."""
        values = (model, digest, embedding.astype("<f4").tobytes())
        self._connection.execute("INSERT OR IGNORE INTO embeddings VALUES (?, ?, ?)", values)

    def answered(self, key: str) -> tuple[str, str] | None:
        """The digest of the request that was sent under an idempotency key, and what was answered."""
        row = self._connection.execute("SELECT request, answer FROM answers WHERE key = ?", (key,)).fetchone()
        return None if row is None else (str(row[0]), str(row[1]))

    def remember(self, key: str, request: str, answer: str) -> None:
        """Keep the answer under an idempotency key, and forget those of more than a day ago."""
        yesterday = datetime.now(UTC) - timedelta(days=1)
        self._connection.execute("DELETE FROM answers WHERE at < ?", (yesterday.isoformat(timespec="milliseconds"),))
        self._connection.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (key, request, answer, _now()))

    def _replace(self, product_id: str, product: StoredProduct | None) -> Change:
        at, written = _now(), None if product is None else product.model_dump_json()
        self._connection.execute("DELETE FROM images WHERE product_id = ?", (product_id,))
        cursor = self._connection.execute(
            "INSERT OR REPLACE INTO changes (product_id, at, product) VALUES (?, ?, ?)", (product_id, at, written)
        )
        return Change(revision=cursor.lastrowid or 0, at=at, product_id=product_id, product=product)


def connect(path: Path) -> sqlite3.Connection:
    """A connection on which each statement is a transaction of its own unless one is begun."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: the WAL is forced to the disk at each commit, so what was acknowledged outlives a power failure
    connection.execute("PRAGMA synchronous = FULL")
    return connection


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """What SQLite refuses of the log at `path` is a BusyError where another process held it, else a StateError."""
    try:
        yield
    except sqlite3.Error as error:
        # the low byte; the others say why, as in SQLITE_BUSY_RECOVERY
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF == sqlite3.SQLITE_BUSY:
            raise BusyError(f"another process has held {path} for {BUSY_SECONDS:g} s; try again") from error
        raise StateError(
            f"{path} cannot be used ({error}); free the disk, mend its owner, or restore it from a backup"
        ) from error


def _change_of(connection: sqlite3.Connection, product_id: str) -> Change | None:
    query = "SELECT revision, at, product_id, product FROM changes WHERE product_id = ?"
    row = connection.execute(query, (product_id,)).fetchone()
    return None if row is None else change_of_row(row)


def change_of_row(row: tuple[int, str, str, str | None]) -> Change:
    """A change from its revision, time, product id and product as JSON."""
    revision, at, product_id, product = row
    stored = None if product is None else StoredProduct.model_validate_json(product)
    return Change(revision=revision, at=at, product_id=product_id, product=stored)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
