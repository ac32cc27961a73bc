"""Reading the whole log: as one moment has it, whatever is written meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.changes import long_reads
from engine.changes.log import LOG_FILE
from engine.changes.long_reads import changes_after, count_after, photos_named
from engine.changes.state import State, open_state
from engine.changes.tidy import SLACK, tidy
from engine.errors import StateError
from tests.changed import delete, keep, put


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    own = open_state(tmp_path)
    yield own
    own.close()


def test_changes_that_are_made_while_the_log_is_read_are_not_seen(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_reads, "AT_ONCE", 2)
    for number in range(5):
        put(state, f"P{number}", {})
    seen = []
    for part in changes_after(state.log, 1):
        seen += [(own.revision, own.product_id) for own in part]
        put(state, "P4", {}, title="later")
        delete(state, "P3")
    assert seen == [(2, "P1"), (3, "P2"), (4, "P3"), (5, "P4")]


def test_changes_are_counted_by_product(state: State) -> None:
    put(state, "A", {})
    put(state, "B", {})
    put(state, "B", {})
    delete(state, "C")
    assert [count_after(state.log, revision) for revision in (0, 1, 3, 4)] == [3, 2, 1, 0]


def test_the_photos_of_products_that_are_there_are_named(state: State) -> None:
    put(state, "A", {"1": "a" * 64, "2": "b" * 64})
    put(state, "B", {"3": "c" * 64})
    delete(state, "B")
    assert photos_named(state.log) == {"a" * 64, "b" * 64}


def test_a_damaged_log_is_one_line_with_its_path(state: State) -> None:
    with state.log.writing() as writing:
        writing._connection.execute("DROP TABLE changes")
    with pytest.raises(StateError, match=rf"{LOG_FILE} cannot be used \(no such table: changes\)"):
        count_after(state.log, 0)


def test_what_no_product_has_is_deleted_a_day_later(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, gone = keep(state, b"kept"), keep(state, b"gone")
    for digest in (kept, gone):
        state.thumbs.keep(digest, b"thumb")
    put(state, "A", {"1": kept})
    with state.log.writing() as writing:
        for model in ("old", "new"):
            for digest in (kept, gone):
                writing.keep_embedding(model, digest, np.zeros(8, dtype=np.float32))
    today = tidy(state, {"new"})
    assert (today.photos, today.thumbs, today.embeddings) == (0, 0, 3)
    monkeypatch.setattr("engine.changes.tidy.SLACK", -SLACK)
    tomorrow = tidy(state, {"new"})
    assert (tomorrow.photos, tomorrow.thumbs, tomorrow.embeddings) == (1, 1, 0)
    assert (state.photos.has(kept), state.photos.has(gone)) == (True, False)
    assert (list(state.log.embeddings("new", [kept, gone])), state.log.embeddings("old", [kept])) == ([kept], {})


def test_a_state_is_begun_only_where_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(StateError, match=r"none has no changes.sqlite; name the folder"):
        open_state(tmp_path / "none", begin=False)
    open_state(tmp_path / "none").close()
    open_state(tmp_path / "none", begin=False).close()
