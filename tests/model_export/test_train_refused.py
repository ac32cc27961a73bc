"""What a training does not begin, or does not go on with: one line each that names the cause."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import BusyError, CatalogueError, InputError, TwinshotError
from engine.files import locked
from model_export.progress import Reporter
from model_export.recipe import Recipe
from model_export.run_folder import INITIAL, LAST
from model_export.train import train
from tests.model_export.drawn import Made, draw_catalogue, make_settings


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"bits": 128}, "bits 64, this is 128"),
        ({"seed": 6}, "seed 5, this is 6"),
        ({"recipe": Recipe.for_weights("none", {"epochs": 3, "batch": 8, "margin": 0.3})}, "recipe.margin 0.2"),
    ],
)
def test_another_configuration_in_the_same_folder_is_an_error_that_names_it(
    made: Made, quiet: Reporter, change: dict[str, Any], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        train(made.catalogue.rows, made.catalogue.read, "drawn", made.run, replace(made.settings, **change), quiet)


def test_a_catalogue_that_has_changed_is_an_error(made: Made, quiet: Reporter) -> None:
    with pytest.raises(InputError, match="the catalogue has changed"):
        train(made.catalogue.rows[1:], made.catalogue.read, "drawn", made.run, made.settings, quiet)


def test_a_folder_with_other_files_is_refused(tmp_path: Path, quiet: Reporter) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    drawn = draw_catalogue()
    with pytest.raises(InputError, match="holds other files"):
        train(drawn.rows, drawn.read, "drawn", tmp_path, make_settings(), quiet)


def test_two_processes_cannot_train_in_one_folder(tmp_path: Path, quiet: Reporter) -> None:
    drawn = draw_catalogue()
    with locked(tmp_path / "run"), pytest.raises(BusyError):
        train(drawn.rows, drawn.read, "drawn", tmp_path / "run", make_settings(), quiet)


def test_a_catalogue_of_questions_alone_cannot_be_trained_on(tmp_path: Path, quiet: Reporter) -> None:
    drawn = draw_catalogue()
    questions = [row for row in drawn.rows if row.split in ("test", "query")]
    for epochs in (0, 1):
        with pytest.raises(CatalogueError, match="drawn has no photos to"):
            train(questions, drawn.read, "drawn", tmp_path / "run", make_settings(epochs), quiet)


def test_an_unreadable_photo_is_an_error_that_names_its_row(tmp_path: Path, quiet: Reporter) -> None:
    drawn = draw_catalogue()
    drawn.photos["2.png"] = b"no photo"
    with pytest.raises(CatalogueError, match=r"row 2 of catalogue\.csv: '2\.png': the bytes are not an image"):
        train(drawn.rows, drawn.read, "drawn", tmp_path / "run", make_settings(), quiet)


def test_a_loss_that_is_no_longer_a_number_stops_the_run(tmp_path: Path, quiet: Reporter) -> None:
    settings = make_settings(2, recipe={"lr_backbone": 1e30, "lr_heads": 1e30, "warmup": 0})
    drawn = draw_catalogue()
    with pytest.raises(TwinshotError, match="loss of epoch 1 is nan; lower lr_backbone"):
        train(drawn.rows, drawn.read, "drawn", tmp_path / "run", settings, quiet)
    assert not (tmp_path / "run" / LAST).exists()


@pytest.mark.parametrize("name", [LAST, INITIAL])
def test_a_damaged_checkpoint_is_an_error_that_names_it(made: Made, tmp_path: Path, quiet: Reporter, name: str) -> None:
    run = Path(shutil.copytree(made.run, tmp_path / "run"))
    (run / name).write_bytes((run / name).read_bytes()[:1000])
    with pytest.raises(InputError, match=rf"{name} is damaged"):
        train(made.catalogue.rows, made.catalogue.read, "drawn", run, made.settings, quiet)
