"""A running application over the tiny bundle, in process."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.changes.follow import with_changes
from app.create_app import create_app
from app.live import Live, Loaded
from app.loading import load
from app.settings import Settings
from engine.changes.state import open_state

Clients = Callable[..., AbstractContextManager[TestClient]]
Shops = Callable[..., AbstractContextManager[TestClient]]
WRITE = "write-key-write-key"


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


@pytest.fixture
def shops(tiny_bundle: Path, loaded: Loaded, tmp_path: Path) -> Shops:
    """Services over one state, each as a process of its own would be."""

    @contextmanager
    def make(**settings: Any) -> Iterator[TestClient]:
        own = {"bundles": tiny_bundle, "state": tmp_path, "write_key": WRITE, "threads": 2, **settings}
        state = open_state(tmp_path)
        live = Live(with_changes(loaded.generation, loaded.encoder, state))
        with TestClient(create_app(Settings.model_validate(own), live, state), raise_server_exceptions=False) as client:
            client.headers["Authorization"] = f"Bearer {WRITE}"
            yield client
        state.close()

    return make


@pytest.fixture
def shop(shops: Shops) -> Iterator[TestClient]:
    with shops() as client:
        yield client
