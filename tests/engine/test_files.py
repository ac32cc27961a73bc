import hashlib
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from engine.errors import BundleError, BusyError, InputError
from engine.files import locked, require, require_file_place, require_folder, sha256, write_atomic
from tests.children import child


def test_a_checksum_is_the_file_s(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 100_000)
    assert sha256(path) == hashlib.sha256(b"x" * 100_000).hexdigest()


def test_replacing_leaves_no_other_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "CURRENT", b"one")
    write_atomic(tmp_path / "CURRENT", b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["CURRENT"]
    assert (tmp_path / "CURRENT").read_bytes() == b"two"


def test_a_missing_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"gone is missing; do this"):
        require(tmp_path / "gone", "do this")


def test_a_second_process_finds_the_folder_busy_until_the_first_dies(tmp_path: Path) -> None:
    hold = """
import pathlib, sys, time
from engine.files import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
    with child([sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match="another process is writing"), locked(tmp_path):
            pass
        other.kill()
        other.wait()
    with locked(tmp_path):
        pass


def test_a_failed_replacement_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomic(tmp_path / "folder", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_folder_that_is_not_there_yet_is_a_good_place_and_is_not_made(tmp_path: Path) -> None:
    require_folder(tmp_path / "new" / "deep", "--out")
    require_file_place(tmp_path / "new" / "F.csv", "--bad-rows")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_place_for_a_folder_nor_for_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "F").write_text("x")
    for path in (tmp_path / "F", tmp_path / "F" / "deep"):
        with pytest.raises(InputError, match="F is a file; name a folder with --work"):
            require_folder(path, "--work")
    with pytest.raises(InputError, match=r"F cannot be written .*; name another folder"), locked(tmp_path / "F"):
        pass


def test_a_folder_is_no_place_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder; name a file with --bad-rows"):
        require_file_place(tmp_path, "--bad-rows")


def test_a_writer_waits_for_the_lock_as_long_as_it_has_patience(tmp_path: Path) -> None:
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(tmp_path):
            holding.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert holding.wait(30)
    with pytest.raises(BusyError, match="another process is writing"), locked(tmp_path, patience=0.3):
        pass
    threading.Timer(0.3, done.set).start()
    with locked(tmp_path, patience=60):
        assert done.is_set()
    holder.join()


def test_folders_made_for_a_lock_are_removed_after_an_error_unless_something_was_written(tmp_path: Path) -> None:
    class OurError(Exception):
        pass

    def fail(folder: Path, *files: str) -> None:
        with pytest.raises(OurError), locked(folder):
            for name in files:
                (folder / name).write_text("x")
            raise OurError

    fail(tmp_path / "new" / "deep")
    assert list(tmp_path.iterdir()) == []
    fail(tmp_path / "new" / "deep", "part")
    assert sorted(own.name for own in (tmp_path / "new" / "deep").iterdir()) == [".lock", "part"]
    (tmp_path / "before").mkdir()
    fail(tmp_path / "before" / "deep")
    assert list((tmp_path / "before").iterdir()) == []
    fail(tmp_path / "before")
    assert (tmp_path / "before").is_dir()
    with locked(tmp_path / "good"):
        pass
    assert (tmp_path / "good").is_dir()


def test_who_waits_for_a_lock_whose_folder_is_removed_holds_the_lock_of_a_new_one(tmp_path: Path) -> None:
    folder, holding, done = tmp_path / "new", threading.Event(), threading.Event()

    def hold() -> None:
        with suppress(KeyError), locked(folder):
            holding.set()
            done.wait(30)
            raise KeyError

    holder = threading.Thread(target=hold)
    holder.start()
    assert holding.wait(30)
    threading.Timer(0.3, done.set).start()
    with locked(folder, patience=60):
        assert done.is_set()
        with pytest.raises(BusyError), locked(folder):
            pass
    holder.join()


def test_a_lock_that_was_removed_while_it_was_taken_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def removed(file: IO[str], _: int) -> None:
        monkeypatch.undo()
        (tmp_path / ".lock").unlink()

    monkeypatch.setattr("fcntl.flock", removed)
    with pytest.raises(BusyError), locked(tmp_path):
        pass
    monkeypatch.setattr("fcntl.flock", removed)
    with locked(tmp_path, patience=5):
        assert (tmp_path / ".lock").exists()
