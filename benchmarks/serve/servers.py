"""Servers as processes of their own, pinned to cores, and what they cost."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from benchmarks.result import PROJECT, WORK

CORES = sorted(os.sched_getaffinity(0))
SERVER, LOAD = [CORES[0]], CORES[1:2] or [CORES[0]]


@dataclass
class Server:
    """A running server and its children."""

    port: int
    process: psutil.Process

    @property
    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu(self) -> float:
        """Seconds of processor time, in user and system mode, that the server has used."""
        total = 0.0
        for own in self.family:
            times = own.cpu_times()
            total += times.user + times.system
        return total

    def proportional_set_size(self) -> int:
        """Bytes: private pages, and of shared ones its part."""
        return sum(own.memory_full_info().pss for own in self.family)

    def metric(self, name: str) -> float:
        """The value of a metric of ours, 0 where it has none yet."""
        text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=10).text
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, ready: str, cores: Sequence[int], **variables: str) -> Iterator[Server]:
    """A server on `cores`, answering at the path `ready`; ended with all its children, however they were started."""
    log = WORK / "serving" / f"{Path(command[-1]).stem}-{port}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    own = {name: value for name, value in os.environ.items() if not name.startswith("TWINSHOT_")} | variables
    own |= {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    with log.open("wb") as file:
        popen = subprocess.Popen(
            ["taskset", "-c", ",".join(map(str, cores)), *command],
            env=own, stdout=file, stderr=file, cwd=PROJECT, start_new_session=True,
        )  # fmt: skip
    try:
        _until_ready(popen, port, ready, log)
        yield Server(port, psutil.Process(popen.pid))
    finally:
        # its group, not its children: workers of a server that is gone are nobody's children
        with_group(popen.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            popen.wait(25)
        with_group(popen.pid, signal.SIGKILL)
        popen.wait(10)


def with_group(group: int, sign: signal.Signals) -> None:
    try:
        os.killpg(group, sign)
    except ProcessLookupError:
        return


def _until_ready(popen: "subprocess.Popen[bytes]", port: int, ready: str, log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and popen.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}{ready}", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"the server of {log} did not become ready:\n{log.read_text(errors='replace')[-2000:]}")


@contextmanager
def twinshot(
    bundles: Path,
    cores: Sequence[int] = SERVER,
    redis: str | None = None,
    port: int | None = None,
    module: Sequence[str] = ("app.main",),
    **variables: str,
) -> Iterator[Server]:
    """The service, as in production; `module` names another that starts it, and that one's arguments."""
    port = port or free_port()
    own = {"TWINSHOT_BUNDLES": str(bundles), "TWINSHOT_PORT": str(port), "TWINSHOT_DRAIN": "0"} | variables
    if redis is not None:
        own["TWINSHOT_REDIS_URL"] = redis
    with running([sys.executable, "-m", *module], port, "/readyz", cores, **own) as server:
        yield server


@contextmanager
def redis_server(cores: Sequence[int] = LOAD) -> Iterator[str]:
    """A Redis that keeps nothing on disk; its address."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    popen = subprocess.Popen(["taskset", "-c", ",".join(map(str, cores)), *command], stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        popen.terminate()
        popen.wait(10)
