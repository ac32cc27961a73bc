"""Fixtures for every test, and the rule for tests that need the shared data folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.changes.state import State, open_state
from tests.tiny_catalogue import category_of, write_catalogue

PROJECT = Path(__file__).resolve().parents[1]


def shared_folder() -> Path:
    """The shared data folder: real photos and pretrained weights."""
    return (PROJECT / os.environ.get("TWINSHOT_SHARED", "../shared")).resolve()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if (shared_folder() / "data").is_dir():
        return
    needing = [item for item in items if item.get_closest_marker("shared")]
    if not needing:
        return
    if os.environ.get("CI"):
        raise pytest.UsageError(
            f"{len(needing)} tests need the shared data folder, which is not at {shared_folder()} (set TWINSHOT_SHARED)"
        )
    config.hook.pytest_deselected(items=needing)
    items[:] = [item for item in items if item not in needing]
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(
            f"{len(needing)} tests left out: no shared data folder at {shared_folder()} (TWINSHOT_SHARED)"
        )


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared data folder."""
    return shared_folder()


@pytest.fixture
def free_port() -> int:
    """A port of the loopback address that nobody listens on at this moment."""
    from tests.app.running import free_port

    return free_port()


@pytest.fixture(scope="session")
def tiny_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """catalogue.csv of 20 drawn products, P00 to P19: 3 photos each to index, one to ask with (split `test`)."""
    return write_catalogue(tmp_path_factory.mktemp("tiny") / "catalogue")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder of 64 bits that knows the categories of `tiny_catalogue`. Do not change it: take `write_model`."""
    from tests.tiny_model import write_model

    return write_model(tmp_path_factory.mktemp("tiny") / "model", [category_of(product) for product in range(20)])


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory, tiny_catalogue: Path, tiny_model: Path) -> Path:
    """A bundle folder with one live generation of `tiny_catalogue`, thumbnails included. Do not change it: copy it."""
    from index_builder.indexing import Order, index
    from index_builder.plan import Wishes
    from index_builder.progress import Progress

    out = tmp_path_factory.mktemp("tiny") / "bundles"
    index(Order(catalogue=tiny_catalogue, model=tiny_model, out=out, wishes=Wishes(shard_rows=25)), Progress())
    return out


@pytest.fixture(scope="session")
def calibrated_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """catalogue.csv of 100 drawn products: 3 photos each to index, two of split `val`. Do not change it: copy it."""
    return write_catalogue(tmp_path_factory.mktemp("calibrated") / "catalogue", 100, queries=2, split="val")


@pytest.fixture(scope="session")
def calibrated_bundle(tmp_path_factory: pytest.TempPathFactory, calibrated_catalogue: Path, tiny_model: Path) -> Path:
    """A bundle folder whose live generation, of `calibrated_catalogue`, has scores. Do not change it: copy it."""
    from index_builder.indexing import Order, index
    from index_builder.progress import Progress

    out = tmp_path_factory.mktemp("calibrated") / "bundles"
    index(Order(catalogue=calibrated_catalogue, model=tiny_model, out=out), Progress())
    return out


@pytest.fixture(scope="session")
def tiny_photo(tiny_catalogue: Path) -> Path:
    """An indexed photo of `tiny_catalogue`; its name begins with its product's id."""
    return min(tiny_catalogue.parent.rglob("P*.jpg"))


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """An empty state in `tmp_path`/state."""
    (tmp_path / "state").mkdir()
    own = open_state(tmp_path / "state")
    yield own
    own.close()
