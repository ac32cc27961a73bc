"""The log of changes: whole or not there, in the order of revisions, the last word about each product."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.changes.log import LOG_FILE, ChangeLog
from engine.changes.record import StoredPhoto, StoredProduct
from engine.errors import BusyError, StateError


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ChangeLog]:
    own = ChangeLog(tmp_path)
    yield own
    own.close()


def product(name: str, *images: str) -> StoredProduct:
    photos = tuple(StoredPhoto(image_id=image, sha256=f"{image:0>64}") for image in images)
    return StoredProduct(product_id=name, title=f"The {name}", category=("Shoes", None, None), photos=photos)


def put(log: ChangeLog, *products: StoredProduct) -> list[int]:
    with log.writing() as writing:
        return [writing.put(own).revision for own in products]


def test_a_new_log_has_no_changes_and_an_id_that_stays(tmp_path: Path) -> None:
    first = ChangeLog(tmp_path)
    assert (first.revision, first.since(0)) == (0, [])
    name = first.state_id
    first.close()
    second = ChangeLog(tmp_path)
    assert second.state_id == name
    second.close()


def test_what_was_put_is_read_as_it_was(log: ChangeLog) -> None:
    assert put(log, product("A", "1", "2"), product("B")) == [1, 2]
    assert [own.product for own in log.since(0)] == [product("A", "1", "2"), product("B")]
    assert [own.product_id for own in log.since(1)] == ["B"]
    assert [own.product_id for own in log.since(0, most=1)] == ["A"]


def test_only_the_last_word_about_a_product_is_kept_and_a_deletion_is_one(log: ChangeLog) -> None:
    put(log, product("A", "1"), product("B"), product("A", "2"))
    with log.writing() as writing:
        assert writing.delete("B").revision == 4
    assert [(own.revision, own.product_id, own.product is None) for own in log.since(0)] == [
        (3, "A", False),
        (4, "B", True),
    ]
    change = log.change_of("B")
    assert change is not None
    assert change.product is None
    assert log.change_of("C") is None


def test_a_revision_is_never_used_again(tmp_path: Path) -> None:
    log = ChangeLog(tmp_path)
    put(log, product("A"))
    put(log, product("A"))
    log.close()
    again = ChangeLog(tmp_path)
    assert put(again, product("A")) == [3]
    assert again.revision == 3
    again.close()


def test_a_transaction_that_fails_leaves_nothing(log: ChangeLog) -> None:
    put(log, product("A", "1"))
    with pytest.raises(RuntimeError, match="no"), log.writing() as writing:
        writing.put(product("A", "2"))
        writing.put(product("B", "3"))
        raise RuntimeError("no")
    assert [own.product for own in log.since(0)] == [product("A", "1")]
    with log.writing() as writing:
        assert (writing.owner("1"), writing.owner("2"), writing.owner("3")) == ("A", None, None)


def test_an_image_belongs_to_the_product_that_has_it_now(log: ChangeLog) -> None:
    put(log, product("A", "1", "2"), product("A", "2"), product("B", "1"))
    with log.writing() as writing:
        assert (writing.owner("1"), writing.owner("2")) == ("B", "A")
        with pytest.raises(sqlite3.IntegrityError):
            writing.put(product("C", "2"))


def test_another_process_sees_what_was_written_and_waits_for_who_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.changes.log.BUSY_SECONDS", 0.05)
    one, other = ChangeLog(tmp_path), ChangeLog(tmp_path)
    put(one, product("A"))
    assert other.revision == 1
    with one.writing() as writing:
        writing.put(product("B"))
        assert other.revision == 1
        with pytest.raises(BusyError, match="another process has held"), other.writing():
            pass
    assert [own.product_id for own in other.since(0)] == ["A", "B"]
    one.close()
    other.close()


def test_embeddings_are_kept_for_each_model(log: ChangeLog) -> None:
    values = np.random.default_rng(0).normal(size=64).astype(np.float32)
    with log.writing() as writing:
        writing.keep_embedding("m", "a", values)
        writing.keep_embedding("m", "a", values)
    assert list(log.embeddings("m", ["b", "a"])) == ["a"]
    np.testing.assert_array_equal(log.embeddings("m", ["a"])["a"], values)
    assert log.embeddings("n", ["a"]) == {}


def test_an_answer_is_remembered_under_its_key(log: ChangeLog) -> None:
    with log.writing() as writing:
        assert writing.answered("k") is None
        writing.remember("k", "request", "answer")
    with log.writing() as writing:
        assert writing.answered("k") == ("request", "answer")


def test_an_answer_is_remembered_for_a_day(log: ChangeLog) -> None:
    def kept(key: str) -> bool:
        with log.writing() as writing:
            writing.remember(key, "request", "answer")
            return writing.answered("first") is not None

    assert kept("first")
    for number, (hours, still) in enumerate([(0, True), (23, True), (25, False)]):
        then = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="milliseconds")
        log._writer.execute("UPDATE answers SET at = ? WHERE key = 'first'", (then,))
        assert kept(f"another {number}") is still, hours


def test_every_commit_is_forced_to_the_disk(log: ChangeLog) -> None:
    ((mode,),) = log._writer.execute("PRAGMA journal_mode")
    ((synchronous,),) = log._writer.execute("PRAGMA synchronous")
    assert (mode, synchronous) == ("wal", 2)


def test_a_log_of_another_version_or_a_damaged_one_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    connection = sqlite3.connect(tmp_path / "a" / LOG_FILE)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(StateError, match=r"changes\.sqlite has format 9, this version of Twinshot reads 1"):
        ChangeLog(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / LOG_FILE).write_bytes(b"no database, but long enough to be looked at" * 100)
    with pytest.raises(StateError, match=r"cannot be used \(file is not a database\); free the disk, mend its owner"):
        ChangeLog(tmp_path / "b")
    with pytest.raises(StateError, match=r"cannot be used \(unable to open database file\)"):
        ChangeLog(tmp_path / "c")


def test_a_log_that_is_damaged_in_its_middle_is_one_line_whoever_reads_or_writes(tmp_path: Path) -> None:
    whole = ChangeLog(tmp_path)
    put(whole, *(product(f"P{number}", f"{number}") for number in range(2000)))
    whole.close()
    data = bytearray((tmp_path / LOG_FILE).read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    (tmp_path / LOG_FILE).write_bytes(data)
    log = ChangeLog(tmp_path)
    tried: list[Callable[[], object]] = [
        lambda: log.revision,
        lambda: log.since(0),
        lambda: log.change_of("P7"),
        lambda: log.embeddings("m", ["a"]),
        lambda: put(log, product("NEW")),
    ]
    for attempt in tried:
        with pytest.raises(StateError, match=r"changes\.sqlite cannot be used \(database disk image is malformed\); "):
            attempt()
    log.close()


def test_only_another_process_at_work_makes_the_log_busy(log: ChangeLog) -> None:
    log._writer.execute("PRAGMA query_only = ON")  # as on a disk that went read-only
    with pytest.raises(StateError, match="attempt to write a readonly database"), log.writing():
        pass
