"""A bundle folder that compactions may write to."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def bundles(tmp_path: Path, tiny_bundle: Path) -> Path:
    """A copy of `tiny_bundle`."""
    return shutil.copytree(tiny_bundle, tmp_path / "bundles")
