"""A real Redis of its own."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import redis


class RedisServer:
    def __init__(self, port: int, folder: Path, *options: str) -> None:
        binary = shutil.which("redis-server")
        assert binary, "redis-server is not installed; `make system` installs it"
        self.port = port
        self._command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self._command += options
        self.begin()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def begin(self) -> None:
        self.popen = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        late = time.monotonic() + 60
        while self.popen.poll() is None and time.monotonic() < late:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self.end()
        raise AssertionError("redis-server does not answer")

    def set(self, option: str, value: str) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.config_set(option, value)

    def send(self, number: int) -> None:
        os.kill(self.popen.pid, number)

    def end(self) -> None:
        self.popen.kill()
        self.popen.wait()
