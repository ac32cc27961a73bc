"""`twinshot demo` from the outside: a catalogue becomes a service that was asked, and nothing is left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.app.running import free_port
from tests.children import child
from tests.tiny_catalogue import write_catalogue


def demo(out: Path, port: int, *options: str) -> list[str]:
    return [sys.executable, "-m", "twinshot", "demo", f"--out={out}", f"--port={port}", *options]


def last_line(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_catalogue(tmp_path_factory.mktemp("own"), products=8, split="query")


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def first(
    tmp_path_factory: pytest.TempPathFactory, catalogue: Path, port: int
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A demo of a tiny catalogue, from nothing, and its work folder."""
    out = tmp_path_factory.mktemp("demo") / "work"
    command = demo(out, port, f"--catalogue={catalogue}", "--once", "--json")
    # A key for another service of the same user: the demo's own must not ask for it.
    environment = {**os.environ, "TWINSHOT_READ_KEY": "a key of another service"}
    return out, subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_the_last_line_of_stdout_is_one_json_object(first: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, done = first
    figures = last_line(done)
    assert len(done.stdout.splitlines()) == 1
    assert figures["queries"] == 8
    assert figures["generation"] == (out / "bundles" / "CURRENT").read_text().strip()
    assert 0 <= figures["product_recall_at_1"] <= figures["product_recall_at_10"] == 1.0
    assert figures["unseen_recall_at_1"] is figures["near_twin_recall_at_1"] is None
    assert list(figures["seconds"]) == ["read", "train", "export", "index", "serve", "query"]
    assert figures["reused"] == []
    assert len(list((out / "samples").iterdir())) == 8


def test_nothing_is_left_running_after_once(first: tuple[Path, subprocess.CompletedProcess[str]], port: int) -> None:
    assert first[1].returncode == 0
    assert not listens(port)


def test_what_is_built_and_unchanged_is_used_again(
    first: tuple[Path, subprocess.CompletedProcess[str]], catalogue: Path, port: int
) -> None:
    out, done = first
    before = last_line(done)
    command = demo(out, port, f"--catalogue={catalogue}", "--once", "--json")
    again = last_line(subprocess.run(command, capture_output=True, text=True, check=False))
    assert again["reused"] == ["train", "export", "index", "samples"]
    assert again["generation"] == before["generation"]
    assert again["product_recall_at_1"] == before["product_recall_at_1"]
    assert again["seconds"]["train"] < 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 0)])
def test_it_stays_up_until_it_is_told_to_stop_and_stops_the_service_too(
    first: tuple[Path, subprocess.CompletedProcess[str]],
    catalogue: Path,
    port: int,
    number: signal.Signals,
    code: int,
) -> None:
    out, done = first
    last_line(done)
    command = demo(out, port, f"--catalogue={catalogue}")
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        assert any(line.startswith("page") and f"http://127.0.0.1:{port}/" in line for line in lines), lines
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60) as answer:
            assert answer.status == 200
        process.send_signal(number)
        assert process.wait(60) == code
    assert not listens(port)


def test_a_failure_on_the_way_is_one_line_that_names_the_catalogue(tmp_path: Path, port: int) -> None:
    command = demo(tmp_path / "work", port, f"--catalogue={tmp_path / 'none.csv'}", "--once", "--json")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith(f"twinshot: {tmp_path / 'none.csv'} does not exist")
    assert "Traceback" not in done.stderr
