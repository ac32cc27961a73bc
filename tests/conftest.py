"""Fixtures for every test, and the rule for tests that need the shared data folder."""

import os
from pathlib import Path

import pytest

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
