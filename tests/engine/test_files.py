import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import BundleError, BusyError
from engine.files import locked, require, sha256, write_atomic


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
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match="another process is writing"), locked(tmp_path):
            pass
        other.kill()
        other.wait()
    with locked(tmp_path):
        pass
