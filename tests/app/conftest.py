"""A running application over the tiny bundle, in process."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.create_app import create_app
from app.live import Live, Loaded
from app.loading import load
from app.settings import Settings

Clients = Callable[..., AbstractContextManager[TestClient]]


@pytest.fixture(scope="session")
def loaded(tiny_bundle: Path) -> Loaded:
    return load(Settings(bundles=tiny_bundle))


@pytest.fixture
def clients(tiny_bundle: Path, loaded: Loaded) -> Clients:
    """Makes clients of applications with given settings."""

    @contextmanager
    def make(live: Live | None = None, **settings: Any) -> Iterator[TestClient]:
        app = create_app(
            Settings.model_validate({"bundles": tiny_bundle, "threads": 2, **settings}), live or Live(loaded)
        )
        with TestClient(app, raise_server_exceptions=False) as client:
            yield client

    return make


@pytest.fixture
def client(clients: Clients) -> Iterator[TestClient]:
    with clients() as client:
        yield client


@pytest.fixture(scope="session")
def jpeg(tiny_catalogue: Path) -> bytes:
    """A photo of P03 that is not in the index."""
    return (tiny_catalogue.parent / "photos" / "P03-q0.jpg").read_bytes()
