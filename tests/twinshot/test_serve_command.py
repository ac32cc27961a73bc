"""`twinshot serve` as a person at a terminal meets it."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.main import _address
from app.settings import Settings
from tests.children import child


def serve(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "twinshot", "serve", *map(str, arguments)]


def test_on_a_terminal_the_log_is_plain_lines_and_says_what_to_open(tiny_bundle: Path, free_port: int) -> None:
    ours, theirs = pty.openpty()
    with child(serve(tiny_bundle, f"--port={free_port}"), stderr=theirs) as process:
        os.close(theirs)
        lines = []
        with os.fdopen(ours, encoding="utf-8") as terminal:
            for line in terminal:
                lines.append(line.rstrip())
                if "Ctrl-C" in line:
                    process.send_signal(signal.SIGINT)
                if lines[-1].endswith("stopped"):
                    break
            assert process.wait(60) == 0
    assert all(re.match(r"\d\d:\d\d:\d\d [a-z]", line) for line in lines)
    assert lines[0].endswith(f"listening on 127.0.0.1 port {free_port}, not ready yet: loading {tiny_bundle}")
    assert lines[-2].endswith(f"open http://127.0.0.1:{free_port}/ in a browser; Ctrl-C stops the service")
    assert max(len(line.replace(str(tiny_bundle), "")) for line in lines) < 80


def test_a_port_in_use_is_one_line_that_names_the_option(tiny_bundle: Path, free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)):
        done = subprocess.run(
            serve(tiny_bundle, f"--port={free_port}"), capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 2
    assert done.stderr == (
        f"twinshot: port {free_port} of 127.0.0.1 is in use by another program; "
        "take another port (TWINSHOT_PORT, `twinshot serve --port`)\n"
    )


def test_an_address_that_is_not_this_machine_s_says_why_once(tiny_bundle: Path, free_port: int) -> None:
    command = serve(tiny_bundle, f"--port={free_port}", "--host=192.0.2.1")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"port {free_port} of 192.0.2.1 (Cannot assign requested address); name an address" in done.stderr


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "http://127.0.0.1:8000/"), ("0.0.0.0", "http://127.0.0.1:8000/"), ("::", "http://[::1]:8000/")],
)
def test_the_address_to_open_is_one_that_a_browser_can(host: str, address: str) -> None:
    assert _address(Settings(bundles=Path("b"), host=host)) == address
