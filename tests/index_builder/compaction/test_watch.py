"""`twinshot compact --watch`: a process that compacts by itself, says what fails, and ends when it is told to."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from engine.bundle.manifest import read_manifest
from engine.bundle.store import current
from engine.changes.state import State
from engine.errors import InputError
from engine.files import locked
from index_builder.compaction import watch as watch_module
from index_builder.compaction.watch import changes_ahead
from index_builder.progress import Progress
from tests.changed import delete
from tests.children import child

PROJECT = Path(__file__).resolve().parents[3]


def look(bundles: Path, state: State, ahead: int = 2) -> float:
    return watch_module._look(bundles, state.folder, ahead, 3, 1, Progress())


def test_it_compacts_when_the_log_is_far_enough_ahead_and_not_before(
    bundles: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    delete(state, "P05")
    first = current(bundles)
    assert look(bundles, state) == watch_module.EVERY
    assert current(bundles) == first
    delete(state, "P06")
    assert changes_ahead(bundles, state.folder) == 2
    assert look(bundles, state) == watch_module.EVERY
    assert read_manifest(bundles / current(bundles)).rows == 54
    assert "is live: 2 changed products folded in up to revision 2, 0 photos came and 6 went" in capsys.readouterr().err
    assert changes_ahead(bundles, state.folder) == 0


def test_a_failure_is_said_and_tried_again_later(
    tmp_path: Path, bundles: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    delete(state, "P05")
    with locked(bundles):
        assert look(bundles, state, 1) == watch_module.AGAIN
    assert "not compacted: another process is writing" in capsys.readouterr().err
    assert look(tmp_path / "nowhere", state) == watch_module.AGAIN
    assert "not compacted: " in capsys.readouterr().err
    assert look(bundles, state, 1) == watch_module.EVERY
    assert changes_ahead(bundles, state.folder) == 0


def test_a_folder_that_it_may_not_write_is_refused_at_once(
    bundles: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: not mode & os.W_OK)  # root may write everywhere
    with pytest.raises(InputError, match="may not be written by this user, and compactions lie there"):
        watch_module.watch(bundles, state.folder, 1, 3, 1, Progress())


def test_a_failure_that_nobody_foresaw_is_said_and_tried_again_too(
    bundles: Path, state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    delete(state, "P05")

    def fail(*_: object) -> None:
        raise IndexError("index -3 is out of bounds")

    with monkeypatch.context() as patch:
        patch.setattr("index_builder.compaction.compact.merge", fail)
        assert look(bundles, state, 1) == watch_module.AGAIN
    assert "not compacted: IndexError: index -3 is out of bounds; tried again in 60 s" in capsys.readouterr().err
    assert look(bundles, state, 1) == watch_module.EVERY
    assert changes_ahead(bundles, state.folder) == 0


@pytest.mark.parametrize("step", ["index_builder.publish.prune", "index_builder.compaction.compact.tidy"])
def test_what_cannot_be_deleted_afterwards_does_not_make_it_not_compacted(
    step: str, bundles: Path, state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    delete(state, "P05")

    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "photos/aa")

    monkeypatch.setattr(step, fail)
    assert look(bundles, state, 1) == watch_module.EVERY
    said = capsys.readouterr().err
    assert (
        f"{current(bundles)} is live, but what nothing needs any more could not be deleted ([Errno 13] Permission"
        in said
    )
    assert "not compacted" not in said
    assert changes_ahead(bundles, state.folder) == 0


def test_the_command_watches_until_it_is_told_to_end(bundles: Path, state: State) -> None:
    command = [sys.executable, "-m", "twinshot", "compact", bundles, "--state", state.folder, "--watch", "--changes=1"]
    with child(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "whenever it is 1 change ahead" in process.stderr.readline()
        nice = psutil.Process(process.pid).nice()
        delete(state, "P05")
        end = time.monotonic() + 120
        while changes_ahead(bundles, state.folder) and time.monotonic() < end:
            assert process.poll() is None
            time.sleep(0.1)
        assert changes_ahead(bundles, state.folder) == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert process.stderr.read().endswith("told to end\n")
    assert nice == min(os.nice(0) + watch_module.NICE, 19)


def test_told_to_end_in_the_middle_of_a_compaction_it_leaves_nothing_behind(
    bundles: Path, state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    delete(state, "P05")
    before = current(bundles)

    def told(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("index_builder.compaction.compact.require_exact", told)
    monkeypatch.setattr("os.nice", lambda _: 0)
    watch_module.watch(bundles, state.folder, 1, 3, 1, Progress())
    assert capsys.readouterr().err.endswith("told to end\n")
    assert current(bundles) == before
    assert not list(bundles.rglob("*.partial"))
