"""A command as it runs on a terminal."""

import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Sequence

from tests.children import child

START = "from twinshot.cli import main; main()"


def shown(arguments: Sequence[object], columns: int = 80, before: str = "", **environment: str) -> tuple[int, str]:
    """The exit code of `twinshot ARGUMENTS…` on a terminal that answers no question, and all that it showed.

    `before` is Python that runs first.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, columns * 10, 800))
    command = [sys.executable, "-c", f"{before}\n{START}", *map(str, arguments)]
    ours_alone = {name: value for name, value in os.environ.items() if name != "XTERM_VERSION"}
    own = {**ours_alone, "TERM": "xterm-256color", **environment}
    with child(command, stdin=theirs, stdout=theirs, stderr=theirs, env=own) as process:
        os.close(theirs)
        parts = []
        try:
            while chunk := os.read(ours, 65536):
                parts.append(chunk)
        except OSError:
            pass  # the other end is closed
        code = process.wait(120)
    os.close(ours)
    return code, b"".join(parts).decode()
