"""One run trained and exported on a drawn catalogue, shared by the tests."""

from collections.abc import Callable

import pytest

from model_export.export import export
from model_export.progress import Reporter
from model_export.settings import Settings
from model_export.train import train
from tests.model_export.drawn import Drawn, Made, draw_catalogue, make_settings


@pytest.fixture(scope="session")
def quiet() -> Reporter:
    return Reporter(quiet=True)


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory, quiet: Reporter) -> Callable[[Drawn, Settings], Made]:
    def _make(catalogue: Drawn, settings: Settings) -> Made:
        folder = tmp_path_factory.mktemp("made")
        trained = train(catalogue.rows, catalogue.read, "drawn", folder / "run", settings, quiet)
        exported = export(folder / "run", folder / "model")
        return Made(catalogue, settings, folder / "run", trained, folder / "model", exported)

    return _make


@pytest.fixture(scope="session")
def made(make: Callable[[Drawn, Settings], Made]) -> Made:
    """The drawn catalogue, trained from scratch for three epochs."""
    return make(draw_catalogue(), make_settings(epochs=3))
