"""What a compaction refuses, and that it leaves everything as it was then."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.generation import Generation
from engine.bundle.store import current, names
from engine.changes.state import State, open_state
from engine.encoder import Encoder
from engine.errors import BundleError, BusyError, GateError, StateError, UnavailableError
from engine.files import locked
from index_builder.compaction import check as check_module
from index_builder.compaction.fold import fold
from index_builder.compaction.merge import merge
from index_builder.publish import roll_back
from tests.app.running import photo_of
from tests.changed import delete, keep, put
from tests.index_builder.compaction.compacting import opened, run


def test_a_generation_that_is_damaged_is_not_copied_into_a_whole_one(bundles: Path, state: State) -> None:
    path = bundles / current(bundles) / "shards" / "00001.f16"
    path.write_bytes(bytes(path.stat().st_size))
    delete(state, "P05")
    before = names(bundles)
    with pytest.raises(BundleError, match=r"00001.f16 is altered"):
        run(bundles, state)
    assert names(bundles) == before


def test_another_state_is_refused_after_a_roll_back_to_before_the_first_change_too(
    tmp_path: Path, bundles: Path, state: State
) -> None:
    first = current(bundles)
    delete(state, "P05")
    compacted = run(bundles, state).report["generation"]
    (tmp_path / "other").mkdir()
    other = open_state(tmp_path / "other")
    delete(other, "P06")
    for live in (compacted, first):
        roll_back(bundles, live)
        with pytest.raises(StateError, match=rf"but generation {compacted} has changes of state .*; name its folder"):
            run(bundles, other)
        assert set(names(bundles)) == {first, compacted}
    other.close()


def test_a_state_that_is_older_than_the_generation_is_refused(tmp_path: Path, bundles: Path, state: State) -> None:
    put(state, "NEW", {})
    backup = shutil.copytree(state.folder, tmp_path / "backup")
    delete(state, "P05")
    run(bundles, state)
    restored = open_state(backup)
    with pytest.raises(StateError, match=r"ends at revision 1, but .* includes changes up to 2: the state is older"):
        run(bundles, restored)
    restored.close()


def test_a_builder_at_work_is_not_disturbed(bundles: Path, state: State) -> None:
    delete(state, "P05")
    with locked(bundles), pytest.raises(BusyError, match="another process is writing"):
        run(bundles, state)


def test_a_full_disk_is_said_before_anything_is_written(
    bundles: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete(state, "P05")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(UnavailableError, match="MB are needed; free some"):
        run(bundles, state)
    assert not list(bundles.rglob("*.partial"))


def test_rows_that_are_not_as_the_log_says_are_not_published(
    bundles: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(state, "NEW", {"n": keep(state, photo_of(40)), "m": keep(state, photo_of(41))})
    delete(state, "P05")
    before = current(bundles)
    write = check_module.require_exact

    def swapped(staged: Generation, base: Generation, folded: object, merged: object) -> None:
        staged.index.codes = lambda rows: np.zeros((len(rows), 8), dtype=np.uint8)  # type: ignore[method-assign]
        write(staged, base, folded, merged)  # type: ignore[arg-type]

    monkeypatch.setattr("index_builder.compaction.compact.require_exact", swapped)
    with pytest.raises(GateError, match="is not published: rows that came in have other codes and rows that stayed"):
        run(bundles, state)
    assert current(bundles) == before
    assert not list(bundles.rglob("*.partial"))


def test_the_gate_sees_a_generation_of_other_changes(bundles: Path, state: State) -> None:
    base = opened(bundles)
    delete(state, "P05")
    run(bundles, state)
    staged = opened(bundles)
    put(state, "NEW", {"n": keep(state, photo_of(40))})
    folded = fold(base, state, lambda: Encoder(base.folder))
    with pytest.raises(GateError, match="is not published: it has 57 rows instead of 58; "):
        check_module.require_exact(staged, base, folded, merge(base, folded))
