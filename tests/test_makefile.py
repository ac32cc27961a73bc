"""What `make test` would run, and what it needs of the system."""

import os
import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def pytests(*arguments: str) -> list[str]:
    """The lines that call pytest, after what stands before it."""
    make = shutil.which("make")
    assert make
    command = [make, "--dry-run", "test", *arguments]
    # the make that may have started these tests hands its own arguments on
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "ARGS")}
    said = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True).stdout
    return [line.partition("-m pytest ")[2] for line in said.splitlines() if "-m pytest " in line]


def test_without_arguments_each_test_is_in_one_of_two_halves() -> None:
    beside, others = (line.partition(">")[0].strip("; \\").split() for line in pytests())
    folders = [word for word in beside if word.startswith("tests/")]
    assert "tests/browser" in folders
    assert [word.removeprefix("--ignore=") for word in others if word.startswith("--ignore=")] == folders
    assert beside[:2] == others[:2] == ["-m", '"not']


def test_with_arguments_pytest_runs_once_with_them() -> None:
    assert pytests("ARGS=tests/app -k box") == ["tests/app -k box"]


def test_what_is_missing_is_named_where_it_cannot_be_installed(tmp_path: Path) -> None:
    script, nothing = PROJECT / "docker" / "system-packages.sh", {"PATH": str(tmp_path), "PYTHON": "/opt/python3.12"}
    done = subprocess.run(["/bin/sh", script], env=nothing, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    missing = set(done.stderr.rpartition(":")[2].split()) - {"nginx"}  # which is looked for in /usr/sbin too
    assert missing == {"redis-server", "prometheus", "chromium", "g++", "python3.12-dev"}
