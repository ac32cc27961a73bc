"""What the catalogue decides of the recipe: whether anything but identity is trained."""

from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import save_file

from model_export.backbone import create_backbone
from model_export.progress import Reporter
from model_export.recipe import OF_CATEGORIES, Recipe
from model_export.run_folder import FINAL, RunFolder
from model_export.train import train
from tests.model_export.drawn import Drawn, draw_catalogue, make_settings


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    save_file(create_backbone("test_efficientnet", "none", 64).module.state_dict(), path)
    return str(path)


def without_products() -> Drawn:
    drawn = draw_catalogue()
    drawn.rows = [replace(row, product_id=None) for row in drawn.rows]
    return drawn


def settled(drawn: Drawn, weights: str, out: Path, **recipe: float) -> dict[str, float]:
    """The weights that the run says it was trained with; the file it starts from makes it a fine-tuning."""
    settings = make_settings(1, weights=weights, recipe=recipe)
    for _ in range(2):  # the second time it goes on with the run that is there
        train(drawn.rows, drawn.read, "drawn", out, settings, Reporter())
    return RunFolder(out).config().recipe.model_dump(include=set(OF_CATEGORIES))


def test_with_product_ids_identity_alone_is_trained(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settled(draw_catalogue(), weights, tmp_path / "run") == dict.fromkeys(OF_CATEGORIES, 0)
    assert "identity alone is trained (hierarchy, target_code, balance = 0)\n" in capsys.readouterr().err
    assert "classifier.weight" in RunFolder(tmp_path / "run").load(FINAL)["network"]


def test_without_product_ids_categories_are_trained_as_well(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settled(without_products(), weights, tmp_path / "run") == OF_CATEGORIES
    assert "identity" not in capsys.readouterr().err


def test_a_weight_that_was_set_stays_whatever_the_catalogue_has(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = settled(draw_catalogue(), weights, tmp_path / "run", hierarchy=0.5, balance=0.1)
    assert found == {"hierarchy": 0.5, "target_code": 0, "balance": 0.1}
    assert "identity alone is trained (target_code = 0)" in capsys.readouterr().err


def test_from_scratch_both_are_trained(tmp_path: Path) -> None:
    assert settled(draw_catalogue(), "none", tmp_path / "run") == OF_CATEGORIES


@pytest.mark.parametrize("set_", [{"instance": 0.0}, {"positives": "photo"}])
def test_where_nothing_learns_from_product_ids_categories_stay(set_: dict[str, str | float]) -> None:
    recipe = Recipe.for_weights("hub", set_)
    assert recipe.for_catalogue(identified=True) == recipe
