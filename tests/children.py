"""Processes that tests start."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

GRACE = 30.0
"""Seconds from SIGTERM to SIGKILL."""


@contextmanager
def child(command: Sequence[str | Path], **options: Any) -> Iterator["subprocess.Popen[Any]"]:
    """A process that is gone after the block, whatever fails in it; `options` are those of Popen."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            end(process)


def end(process: "subprocess.Popen[Any]") -> int:
    """Tell a process to end unless it has; one that does not is killed. Its exit code."""
    process.terminate()
    try:
        return process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
