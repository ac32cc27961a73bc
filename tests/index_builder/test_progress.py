"""What a person sees while the builder works."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from index_builder.progress import Progress

PROJECT = Path(__file__).resolve().parents[2]


def test_a_pipe_gets_plain_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.terminal.progress.LINE_SECONDS", 0.0)
    with Progress().counting("encode", 3) as advance:
        for _ in range(3):
            advance()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" (")[0].split(" in ")[0] for line in lines] == [
        "encode: 1 of 3",
        "encode: 2 of 3",
        "encode: 3 of 3",
        "encode: 3 of 3",
    ]


def test_few_lines_are_written_however_many_steps_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress().counting("encode", 5000) as advance:
        for _ in range(5000):
            advance()
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_terminal_gets_a_bar() -> None:
    script = "from index_builder.progress import Progress\nwith Progress().counting('encode', 2) as a: a(); a()"
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, stderr=theirs, stdout=subprocess.PIPE, check=True
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert "\x1b[" in shown
    assert "2/2" in shown
    assert done.stdout == b""


def test_stages_of_one_name_add_up() -> None:
    progress = Progress()
    for _ in range(2):
        with progress.stage("build"):
            pass
    first = progress.seconds["build"]
    with progress.stage("build"):
        sum(range(100_000))
    assert progress.seconds["build"] > first
