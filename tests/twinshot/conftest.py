"""A running service for the client and the commands that speak with one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.running import Process, processes
from twinshot import Client

WRITE, READ = "write-key-write-key", "read-key-read-key-0"


@pytest.fixture(scope="session")
def service(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A service with both keys. All tests share its catalogue: each changes products of its own."""
    folder = tmp_path_factory.mktemp("service")
    state = folder / "state"
    state.mkdir()
    keys = {"TWINSHOT_WRITE_KEY": WRITE, "TWINSHOT_READ_KEY": READ}
    with processes(tiny_bundle, folder) as start:
        yield start(TWINSHOT_STATE=str(state), **keys).until_ready()


@pytest.fixture
def shop(service: Process) -> Iterator[Client]:
    with Client(service.url, key=WRITE) as client:
        yield client
