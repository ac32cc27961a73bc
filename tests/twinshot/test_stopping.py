"""Ctrl-C and SIGTERM end a command with one line, and with it all that it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from twinshot.processes import StoppedError

SMALL = ["--weights=none", "--backbone=test_efficientnet", "--bits=64", "--epochs=500", "--set=batch=8", "--threads=1"]
GO_ON = "twinshot: stopped; run the same command again to go on"


def stop_when(
    ready: Callable[[], bool], number: signal.Signals, *command: object
) -> tuple[int, list[str], list[psutil.Process]]:
    """Start a command and signal it as soon as `ready()`: its exit code, the lines on stderr, and its children.

    SIGINT goes to all processes of its group, as Ctrl-C does; those below it are given the time to hear it first.
    """
    arguments = [sys.executable, "-m", "twinshot", *map(str, command)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # Not measured: a signal that arrives while coverage holds its lock leaves it locked for ever.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    with subprocess.Popen(arguments, **pipes, env=environment, text=True, start_new_session=True) as process:
        try:
            while not ready():
                assert process.poll() is None, "it ended before it could be stopped"
                time.sleep(0.01)
            children = psutil.Process(process.pid).children(recursive=True)
            if number == signal.SIGINT:
                for own in children:
                    if os.getpgid(own.pid) == process.pid:
                        own.send_signal(number)
                time.sleep(0.2)
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    # As a shell says it: interrupted within eval() of a text, Python itself ends by SIGINT after all is said and done.
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    return code, said.splitlines(), children


ENDS = pytest.mark.parametrize(
    ("number", "code", "line"),
    [(signal.SIGINT, 130, GO_ON), (signal.SIGTERM, 143, GO_ON.replace("stopped", "stopped by SIGTERM"))],
)


@ENDS
def test_training_that_is_stopped_says_in_one_line_how_to_go_on(
    tiny_catalogue: Path, tmp_path: Path, number: signal.Signals, code: int, line: str
) -> None:
    run = tmp_path / "run"
    ended, said, _ = stop_when((run / "initial.pt").exists, number, "train", tiny_catalogue, f"--out={run}", *SMALL)
    assert ended == code
    assert [own for own in said if not own.startswith("epoch ")] == [line]


def test_ctrl_c_ends_all_processes_of_a_training_with_one_line(tiny_catalogue: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    options = [*SMALL, "--processes=2", "--set=frozen_norm=true"]
    ready = (run / "last.pt").exists
    ended, said, children = stop_when(ready, signal.SIGINT, "train", tiny_catalogue, f"--out={run}", *options)
    assert ended == 130
    assert [own for own in said if not own.startswith("epoch ")] == [GO_ON]
    assert len(children) == 3  # one is multiprocessing's own, which ends when it sees that its parent has
    assert psutil.wait_procs(children, timeout=60)[1] == []


@ENDS
def test_a_build_that_is_stopped_stops_its_step_and_says_one_line(
    tiny_catalogue: Path, tmp_path: Path, number: signal.Signals, code: int, line: str
) -> None:
    out = tmp_path / "bundles"
    ready = (out / ".build" / "run" / "config.json").exists
    ended, said, children = stop_when(ready, number, "build", tiny_catalogue, f"--out={out}", *SMALL)
    assert ended == code
    assert said[-1] == line
    assert [own for own in said if own.startswith("twinshot:")] == [line]
    assert len(children) == 1
    assert not children[0].is_running()


def test_a_command_that_does_not_go_on_only_says_that_it_was_stopped() -> None:
    assert str(StoppedError(signal.SIGINT, goes_on=False)) == "stopped"
    assert StoppedError(signal.SIGTERM).exit_code == 143
