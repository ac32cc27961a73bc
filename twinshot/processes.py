"""Child processes of the command line: other commands of it, which never outlive the one that started them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from engine.errors import InputError, TwinshotError
from engine.told import Told

GRACE = 25.0
"""Seconds from SIGTERM to SIGKILL; the service gives answers under way 20."""


class StoppedError(TwinshotError):
    """The command line itself was told to end, by Ctrl-C or another signal."""

    def __init__(self, number: int, goes_on: bool = True) -> None:
        self.number = number
        how = "" if number == signal.SIGINT else f" by {signal.Signals(number).name}"
        super().__init__(f"stopped{how}" + ("; run the same command again to go on" if goes_on else ""))
        self.exit_code = 128 + number


def run_to_end(command: list[str], quiet: bool) -> int:
    """Run `twinshot COMMAND…` and return its exit code; with `quiet` its stdout goes to our stderr.

    When we are told to stop, so is the command: it tidies the terminal, says that it was stopped, and its exit code
    becomes ours. Raises TwinshotError if a signal ended it unheard: then it has said nothing itself.
    """
    with _started(command, stdout=sys.stderr if quiet else None) as process:
        try:
            code = process.wait()
        except (KeyboardInterrupt, Told) as told:
            process.send_signal(told.number if isinstance(told, Told) else signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                if process.wait(GRACE) > 0:
                    sys.exit(process.returncode)
            raise
    if code < 0:
        cause = " (as the system does when memory runs out)" if code == -signal.SIGKILL else ""
        raise TwinshotError(f"`twinshot {command[0]}` was ended by {signal.Signals(-code).name}{cause}")
    return code


def run(command: list[str], quiet: bool) -> None:
    """`run_to_end`, but an exit code other than 0 is an InputError or TwinshotError, as the code says."""
    code = run_to_end(command, quiet)
    if code:
        kind = InputError if code == InputError.exit_code else TwinshotError
        raise kind(f"`twinshot {command[0]}` ended with exit code {code}; its own message is above")


@contextmanager
def serving(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`twinshot COMMAND…` in the background, its output in `log`, stopped at the end of the block."""
    with log.open("wb") as file, _started(command, stdout=file, stderr=file) as process:
        yield process


@contextmanager
def _started(
    command: list[str], stdout: IO[bytes] | IO[str] | None, stderr: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    # Settings of another service (its keys, its Redis) must not reach this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TWINSHOT_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "twinshot", *command],
        stdout=stdout,
        stderr=stderr,
        env=environment,
        # A session of its own: Ctrl-C reaches us alone, and we stop the child and all that it started.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        pass
    finally:  # also on a second Ctrl-C while waiting
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
