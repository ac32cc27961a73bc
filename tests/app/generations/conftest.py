"""A shop over a bundle folder of its own, in which generations are published while it answers."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.create_app import create_app
from app.live import Live
from app.loading import load
from app.settings import Settings
from engine.bundle.store import current, set_current
from engine.changes.state import State
from index_builder.indexing import Order, index
from index_builder.progress import Progress
from tests.tiny_catalogue import category_of
from tests.tiny_model import write_model

WRITE = "write-key-write-key"
Publish = Callable[..., str]


@pytest.fixture
def bundles(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the tiny bundle, in which a test may publish."""
    return shutil.copytree(tiny_bundle, tmp_path / "bundles")


@pytest.fixture(scope="session")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives other bits than the tiny model for every photo, and more of them."""
    return write_model(tmp_path_factory.mktemp("other") / "model", map(category_of, range(20)), bits=128, seed=5)


@pytest.fixture(scope="session")
def next_bundle(
    tmp_path_factory: pytest.TempPathFactory, tiny_bundle: Path, tiny_catalogue: Path, other_model: Path
) -> Path:
    """The tiny bundle after another generation was published: the same catalogue with another model. Copy it."""
    out = shutil.copytree(tiny_bundle, tmp_path_factory.mktemp("next") / "bundles")
    index(Order(catalogue=tiny_catalogue, model=other_model, out=out, force="another model"), Progress())
    return out


@pytest.fixture
def publish(bundles: Path, next_bundle: Path) -> Publish:
    """Publishes the other model's generation in `bundles` and does `damage` to its folder; its id."""

    def make(damage: Callable[[Path], object] | None = None) -> str:
        name = current(next_bundle)
        folder = shutil.copytree(next_bundle / name, bundles / name)
        set_current(bundles, name)
        if damage is not None:
            damage(folder)
        return name

    return make


@pytest.fixture
def live(bundles: Path, state: State) -> Live:
    return Live(load(Settings(bundles=bundles, threads=2), state))


@pytest.fixture
def shop(bundles: Path, state: State, live: Live) -> Iterator[TestClient]:
    """A service with the write key sent in every request; it looks at CURRENT when it is asked to."""
    settings = Settings.model_validate({"bundles": bundles, "state": state.folder, "write_key": WRITE, "threads": 2})
    with TestClient(create_app(settings, live, state), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {WRITE}"
        yield client


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look at CURRENT but those that a test asks for."""
    monkeypatch.setattr("app.generations.reload.EVERY", 3600)


def value(client: TestClient, metric: str) -> float:
    """What /metrics says of a metric."""
    return next(float(line.split()[1]) for line in client.get("/metrics").text.splitlines() if line.startswith(metric))


def cut_a_shard(folder: Path) -> None:
    """A generation whose first shard lost its end."""
    path = folder / "shards" / "00000.faiss"
    path.write_bytes(path.read_bytes()[:-7])
