"""Where the results cannot go is said at once, in one line, before any work."""

import sys
from pathlib import Path

import pytest

from twinshot.cli import main

FOLDERS = [
    "build none.csv --out {file}",
    "build none.csv --out new --work {file}",
    "demo --out {file}",
    "train none.csv --out {file}",
    "train none.csv --out {file}/deeper",
    "index none.csv --model none --out {file}",
    "fetch none.csv --allow-host shop.example --out {file}",
]
FILES = ["check none.csv --bad-rows {folder}", "evaluate none --queries none.csv --json {folder}"]


def run(command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    """The exit code and what stands on stderr."""
    monkeypatch.setattr(sys, "argv", ["twinshot", *command.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize("command", [*FOLDERS, *FILES])
def test_a_result_that_cannot_be_written_is_one_line_before_any_work(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.txt").write_text("a file")
    Path("photos").mkdir()
    code, said = run(command.format(file="shop.txt", folder="photos"), monkeypatch, capsys)
    assert code == 2
    assert said.splitlines() == [said.rstrip("\n")]
    assert "is a file; name a folder with --" in said or "is a folder; name a file with --" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "shop.txt"]


def test_what_the_system_refuses_in_the_middle_of_the_work_is_one_line_and_exit_code_1(
    tiny_catalogue: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run(f"check {tiny_catalogue} --no-photos --bad-rows /proc/bad.csv", monkeypatch, capsys)
    assert code == 1
    assert said.splitlines() == [said.rstrip("\n")]
    assert said.startswith("twinshot: /proc/bad.csv")
