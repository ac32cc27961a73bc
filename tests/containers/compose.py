"""Docker Compose over a copy of this project."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.app.running import READ_KEY, WRITE_KEY, free_port

PROJECT = Path(__file__).parents[2]
USER = 10001


class Compose:
    """`docker compose` with one file of the project, a bundle folder and ports of its own."""

    def __init__(self, folder: Path, file: str, bundles: Path) -> None:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
        for name in filter(None, listed.stdout.split("\0")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
        shutil.copytree(bundles, folder / "bundles", symlinks=True)
        for path in (folder / "bundles", *(folder / "bundles").rglob("*")):
            os.chown(path, USER, USER)
        (folder / ".env").write_text("TWINSHOT_ACCESS_LOG=on\n")
        self._folder, self._file = folder, file
        self._ports = {name: str(free_port(held=False)) for name in ("TWINSHOT_PORT", "PROMETHEUS_PORT")}
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{self._ports['TWINSHOT_PORT']}", timeout=30)
        self.http.headers["Authorization"] = f"Bearer {WRITE_KEY}"
        self.prometheus = httpx2.Client(base_url=f"http://127.0.0.1:{self._ports['PROMETHEUS_PORT']}", timeout=30)

    def __call__(self, *arguments: str) -> str:
        """What `docker compose ARGUMENTS…` prints; AssertionError with all it said if it fails."""
        keys = {"TWINSHOT_READ_KEY": READ_KEY, "TWINSHOT_WRITE_KEY": WRITE_KEY}
        done = subprocess.run(
            ["docker", "compose", "--project-name", "twinshot-test", "--file", self._file, *arguments],
            cwd=self._folder,
            env=os.environ | keys | self._ports,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def state(self, service: str) -> dict[str, Any]:
        """What the engine says of the service's container."""
        container = self("ps", "--all", "--quiet", service).strip()
        told = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True).stdout
        state = json.loads(told)[0]["State"]
        assert isinstance(state, dict)
        return state

    def search(self, photo: bytes) -> dict[str, Any]:
        answer = self.http.post("/search", files={"image": photo})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert isinstance(found, dict)
        return found

    def health(self) -> dict[str, Any]:
        answer = self.http.get("/readyz?verbose")
        health = answer.json()
        assert isinstance(health, dict)
        return health

    def close(self) -> None:
        self("--profile", "monitoring", "down", "--volumes", "--timeout", "5")
        self.http.close()
        self.prometheus.close()


@contextmanager
def started(folder: Path, file: str, bundles: Path) -> Iterator[Compose]:
    """All services of the file, built and healthy; gone afterwards, with their state."""
    compose = Compose(folder, file, bundles)
    try:
        compose("up", "--build", "--detach", "--wait")
        yield compose
    finally:
        compose.close()


def until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.2)
