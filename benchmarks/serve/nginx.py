"""nginx with docker/nginx.conf itself: only its addresses, ports and the names of its files are others."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.result import PROJECT
from engine.errors import UnavailableError

CONFIGURATION = PROJECT / "docker" / "nginx.conf"
MEMORY = "/dev/shm/twinshot-nginx"
"""What the names of its files begin with there."""


@dataclass(frozen=True)
class Proxy:
    """A running nginx and where its log lies."""

    port: int
    log: Path

    def answers(self, least: int = 0) -> list[dict[str, Any]]:
        """The line of its log for each answer, once there are so many; `statuses` has one for each replica asked."""
        end = time.monotonic() + 60
        while True:
            lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
            if len(lines) >= least:
                return lines
            if time.monotonic() > end:
                raise RuntimeError(f"nginx logged {len(lines)} answers, not {least}; see {self.log}")
            time.sleep(0.02)  # it writes the line when the caller has the answer already


def binary() -> str:
    """The program. Raises UnavailableError where there is none."""
    # Debian's lies where only root looks
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise UnavailableError("nginx is not installed; `make system` installs it")
    return found


def configuration(port: int, replicas: Sequence[int], files: str) -> str:
    """docker/nginx.conf for replicas on these ports; `files`: what the names of nginx's files begin with."""
    changes = {f"twinshot-{number}:8000": f"127.0.0.1:{own}" for number, own in enumerate(replicas, 1)}
    changes |= {"listen 8080;": f"listen 127.0.0.1:{port};", MEMORY: files}
    text = CONFIGURATION.read_text(encoding="utf-8")
    for old, new in changes.items():
        if old not in text:
            raise ValueError(f"{CONFIGURATION} does not say {old!r} any more; change benchmarks/serve/nginx.py too")
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(port: int, replicas: Sequence[int], folder: Path, before: Sequence[str] = ()) -> Iterator[Proxy]:
    """nginx on `port`; its configuration and log in `folder`. `before`: a command that starts it, such as taskset."""
    file, log = folder / f"nginx-{port}.conf", folder / f"nginx-{port}.log"
    files = f"{MEMORY}-{port}"
    file.write_text(configuration(port, replicas, files), encoding="utf-8")
    command = [*before, binary(), "-e", "stderr", "-c", str(file), "-g", "daemon off;"]
    with log.open("wb") as out:
        popen = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        end = time.monotonic() + 60
        while not _open(port):
            if popen.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"nginx does not answer on port {port}:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield Proxy(port, log)
    finally:
        popen.terminate()
        popen.wait(10)
        shutil.rmtree(files, ignore_errors=True)


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
