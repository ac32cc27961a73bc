"""A running service for the client and the commands that speak with one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.running import READ_KEY, WRITE_KEY, Process, shop_over
from twinshot import Client


@pytest.fixture(scope="session")
def service(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A service with both keys. All tests share its catalogue: each changes products of its own."""
    with shop_over(tiny_bundle, tmp_path_factory.mktemp("service"), TWINSHOT_READ_KEY=READ_KEY) as own:
        yield own


@pytest.fixture
def shop(service: Process) -> Iterator[Client]:
    with Client(service.url, key=WRITE_KEY) as client:
        yield client
