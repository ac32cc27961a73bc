"""Training by titles, from the rows to the exported graph."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image, ImageDraw

from engine.catalogue.row import Row
from engine.errors import CatalogueError, InputError
from engine.model import ONNX_FILE
from engine.taxonomy import NO_PATH
from model_export.progress import Reporter
from model_export.run_folder import ATTRIBUTES, BEST, FINAL, INITIAL, LAST, LOG, RunFolder
from model_export.settings import Settings
from model_export.titles import Attributes
from model_export.train import train
from tests.model_export.drawn import Drawn, Made, draw, draw_catalogue, make_row, make_settings

SETTINGS = make_settings(2, recipe={"titles": 0.5})


def titled(titles: bool = True, photos: int = 36, picture: Callable[[int, int], bytes] = draw) -> Drawn:
    """Photos to train on, each a product of its own, all of one category; only the title says which of two kinds it is.

    The four photos of `val` have no answer, so that nothing steers and the last epoch counts.
    """
    drawn = Drawn([], {})
    for number in range(photos + 4):
        trained = number < photos
        row = make_row(number, None, ("m", "l", "f") if trained else NO_PATH, "train" if trained else "val")
        outline = "round" if number % 2 else "square"
        title = f"{outline} thing {number}" if titles else None
        drawn.rows.append(replace(row, title=title))
        drawn.photos[row.image] = picture(number, number)
    return drawn


@pytest.fixture(scope="module")
def named(make: Callable[[Drawn, Settings], Made]) -> Made:
    return make(titled(), SETTINGS)


def test_the_run_shows_the_attributes_and_how_many_products_have_them(named: Made) -> None:
    found = Attributes.model_validate_json((named.run / ATTRIBUTES).read_bytes())
    assert {own.name for own in found.attributes} == {"round", "square"}
    assert found.products == named.trained.photos == 36
    assert sum(own.products for own in found.attributes) == 36


def test_the_log_has_the_term(named: Made) -> None:
    assert "titles" in (named.run / LOG).read_text().splitlines()[0].split(",")


def test_the_head_is_trained_and_kept_for_a_resume_but_not_exported(named: Made) -> None:
    folder = RunFolder(named.run)
    first, last, best = folder.load(INITIAL), folder.load(LAST)["network"], folder.load(BEST)
    assert not torch.equal(first["attributes.weight"], last["attributes.weight"])
    assert best.keys() == last.keys()
    assert last.keys() - folder.load(FINAL)["network"].keys() == {"attributes.weight", "attributes.bias"}
    graph = onnx.load(str(named.model / ONNX_FILE)).graph
    assert [own.name for own in graph.output] == ["embedding", "probabilities", "features"]
    assert not [own.name for own in graph.initializer if "attributes" in own.name]


def test_the_other_numbers_of_the_first_network_are_those_of_a_run_without_titles(
    named: Made, make: Callable[[Drawn, Settings], Made]
) -> None:
    plain = make(named.catalogue, make_settings(1))
    without, own = (RunFolder(run).load(INITIAL) for run in (plain.run, named.run))
    assert own.keys() - without.keys() == {"attributes.weight", "attributes.bias"}
    assert all(torch.equal(own[name], value) for name, value in without.items())
    assert not (plain.run / ATTRIBUTES).exists()


class Interrupting(Reporter):
    """Ctrl-C once the first epoch is on disk."""

    def line(self, text: str) -> None:
        if text.startswith("epoch 1/"):
            raise KeyboardInterrupt


def test_a_run_interrupted_and_resumed_equals_one_never_interrupted(
    named: Made, tmp_path: Path, quiet: Reporter
) -> None:
    drawn, out = named.catalogue, tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(drawn.rows, drawn.read, "drawn", out, SETTINGS, Interrupting(quiet=True))
    assert not (out / FINAL).exists()
    train(drawn.rows, drawn.read, "drawn", out, SETTINGS, quiet)
    for name in (INITIAL, BEST, FINAL, LAST):
        left, right = (RunFolder(run).load(name) for run in (named.run, out))
        left, right = (state.get("network", state) for state in (left, right))
        assert left.keys() == right.keys()
        assert all(torch.equal(value, right[key]) for key, value in left.items())


def test_other_titles_in_the_same_folder_are_another_catalogue(named: Made, quiet: Reporter) -> None:
    rows = [replace(row, title=f"{row.title} again") for row in named.catalogue.rows]
    with pytest.raises(InputError, match="the catalogue has changed"):
        train(rows, named.catalogue.read, "drawn", named.run, SETTINGS, quiet)


def test_attributes_that_were_edited_are_an_error(named: Made, tmp_path: Path, quiet: Reporter) -> None:
    drawn, out = named.catalogue, tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(drawn.rows, drawn.read, "drawn", out, SETTINGS, Interrupting(quiet=True))
    (out / ATTRIBUTES).write_text((out / ATTRIBUTES).read_text().replace("round", "oval"))
    with pytest.raises(InputError, match=r"attributes\.json is not what the catalogue's titles give"):
        train(drawn.rows, drawn.read, "drawn", out, SETTINGS, quiet)


def test_a_run_without_a_whole_epoch_gives_way_together_with_its_attributes(
    named: Made, tmp_path: Path, quiet: Reporter
) -> None:
    drawn, out = named.catalogue, tmp_path / "run"
    folder = RunFolder(out)
    out.mkdir()
    folder.claim(RunFolder(named.run).config())
    folder.claim_attributes(Attributes(products=1, attributes=()))
    train(drawn.rows, drawn.read, "drawn", out, make_settings(1), quiet)
    assert not (out / ATTRIBUTES).exists()


def test_titles_that_are_changed_do_not_matter_to_a_run_that_does_not_learn_them(
    made: Made, tmp_path: Path, quiet: Reporter
) -> None:
    rows = [replace(row, title=f"thing {row.number}") for row in made.catalogue.rows]
    again = train(rows, made.catalogue.read, "drawn", made.run, made.settings, quiet)
    assert again.figures == made.trained.figures


@pytest.mark.parametrize("rows", [titled(titles=False).rows, draw_catalogue().rows])
def test_a_catalogue_without_titles_is_an_error_before_anything_is_written(
    rows: list[Row], tmp_path: Path, quiet: Reporter
) -> None:
    with pytest.raises(CatalogueError, match="no row of drawn that is trained on has a title"):
        train(rows, titled().read, "drawn", tmp_path / "run", SETTINGS, quiet)
    assert not (tmp_path / "run").exists()


def test_titles_of_val_test_and_query_are_not_mined(tmp_path: Path, quiet: Reporter) -> None:
    drawn = titled()
    rows = [replace(row, split=("val", "test", "query")[row.number % 3], title=row.title) for row in drawn.rows]
    rows += [replace(row, image_id=f"t{row.number}", title=None) for row in drawn.rows]
    with pytest.raises(CatalogueError, match="no row of drawn that is trained on has a title"):
        train(rows, drawn.read, "drawn", tmp_path / "run", SETTINGS, quiet)


def badge(number: int, _: int) -> bytes:
    """A red or a blue square on a ground of any colour."""
    rng = np.random.default_rng(number)
    image = Image.new("RGB", (64, 56), tuple(int(value) for value in rng.integers(0, 256, 3)))
    x, y = (int(value) for value in rng.integers(8, 28, 2))
    ink = (220, 30, 30) if number % 2 else (30, 30, 220)
    ImageDraw.Draw(image).rectangle((x, y, x + 22, y + 22), fill=ink)
    data = BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def nearest_alike(made: Made) -> float:
    """The share of training photos whose nearest other one, by the exported features, has a title of the same word."""
    session = onnxruntime.InferenceSession(str(made.model / ONNX_FILE), providers=["CPUExecutionProvider"])
    photos = RunFolder(made.run).photos()
    features = session.run(["features"], {"pixels": photos})[0]
    features = features - features.mean(axis=0)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    near = features @ features.T - 2 * np.eye(len(features))
    word = np.arange(len(photos)) % 2
    return float((word[near.argmax(axis=1)] == word).mean())


def test_titles_tell_apart_what_the_category_cannot(make: Callable[[Drawn, Settings], Made]) -> None:
    alone = {"instance": 0, "target_code": 0, "balance": 0, "crop": 0.9, "rotation": 0, "perspective": 0}
    drawn = titled(photos=80, picture=badge)
    category, both = (make(drawn, make_settings(8, recipe={**alone, "titles": titles})) for titles in (0, 1))
    assert nearest_alike(category) < 0.8
    assert nearest_alike(both) > 0.9
