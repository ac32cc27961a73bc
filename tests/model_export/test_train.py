import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import InputError, UnavailableError
from model_export.backbone import create_backbone
from model_export.progress import Reporter
from model_export.run_folder import BEST, CONFIG, FINAL, INITIAL, LAST, LOG, RunFolder
from model_export.settings import Settings
from model_export.train import train
from tests.model_export.drawn import Drawn, Made, draw, draw_catalogue, make_row, make_settings

CHILD = """
from pathlib import Path
import sys
from model_export.backbone import create_backbone
from model_export.progress import Reporter
from model_export.train import train
from tests.model_export.drawn import draw_catalogue, make_settings
drawn = draw_catalogue()
train(drawn.rows, drawn.read, "drawn", Path(sys.argv[1]), make_settings(epochs=3), Reporter(quiet=True))
"""


def log_lines(run: Path) -> list[dict[str, str]]:
    with (run / LOG).open() as file:
        return [{k: v for k, v in line.items() if k != "seconds"} for line in csv.DictReader(file)]


def assert_equal(left: Any, right: Any) -> None:
    """Bit for bit, through dictionaries and lists."""
    if isinstance(left, torch.Tensor):
        assert torch.equal(left, right)
    elif isinstance(left, dict):
        assert left.keys() == right.keys()
        for key in left.keys() - {"seconds"}:
            assert_equal(left[key], right[key])
    elif isinstance(left, list):
        assert len(left) == len(right)
        for mine, other in zip(left, right, strict=True):
            assert_equal(mine, other)
    else:
        assert left == right


def assert_same_run(left: Path, right: Path) -> None:
    for name in (INITIAL, LAST, BEST, FINAL):
        assert_equal(RunFolder(left).load(name), RunFolder(right).load(name))
    assert log_lines(left) == log_lines(right)


def start(out: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", CHILD, str(out)], env=environment)


def kill_when(out: Path, ready: Any) -> None:
    """Start a run and kill it as soon as `ready(out)` holds."""
    child = start(out)
    try:
        while not ready(out):
            assert child.poll() is None, "the run ended before it could be killed"
            time.sleep(0.002)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()


def test_a_run_killed_after_an_epoch_and_resumed_equals_one_never_killed(
    made: Made, tmp_path: Path, quiet: Reporter
) -> None:
    out = tmp_path / "run"
    kill_when(out, lambda run: (run / LAST).exists())
    assert not (out / FINAL).exists()
    drawn = draw_catalogue()
    train(drawn.rows, drawn.read, "drawn", out, make_settings(epochs=3), quiet)
    assert_same_run(made.run, out)


def test_a_run_killed_before_its_first_epoch_ends_and_resumed_equals_one_never_killed(
    made: Made, tmp_path: Path, quiet: Reporter
) -> None:
    out = tmp_path / "run"
    kill_when(out, lambda run: (run / INITIAL).exists())
    assert not (out / LAST).exists()
    drawn = draw_catalogue()
    train(drawn.rows, drawn.read, "drawn", out, make_settings(epochs=3), quiet)
    assert_same_run(made.run, out)


def test_a_finished_run_started_again_is_left_as_it_is(made: Made, quiet: Reporter) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in made.run.iterdir() if path.name in (LAST, BEST, FINAL)}
    again = train(made.catalogue.rows, made.catalogue.read, "drawn", made.run, made.settings, quiet)
    assert {name: (made.run / name).stat().st_mtime_ns for name in before} == before
    assert again.figures == made.trained.figures


def test_held_out_photos_decide_how_sure_the_finished_classifier_is(tmp_path: Path, quiet: Reporter) -> None:
    drawn = draw_catalogue()
    for row in [row for row in drawn.rows if row.split == "train"]:
        for photo in range(5):
            number = len(drawn.rows) + 1
            drawn.rows.append(make_row(number, row.product_id, row.category, "val"))
            drawn.photos[f"{number}.png"] = draw(int(row.product[1:]), 100 + photo)
    train(drawn.rows, drawn.read, "drawn", tmp_path, make_settings(epochs=1), quiet)
    run = RunFolder(tmp_path)
    trained, finished = run.load(BEST)["classifier.weight"], run.load(FINAL)["network"]["classifier.weight"]
    temperatures = trained / finished  # from scratch nothing else changes the classifier
    torch.testing.assert_close(temperatures, temperatures.mean().expand_as(temperatures))
    assert abs(temperatures.mean() - 1) > 0.02


def test_photos_of_test_and_query_are_never_read(made: Made) -> None:
    splits = {row.image_id: row.split for row in made.catalogue.rows}
    assert {splits[image_id] for image_id in made.catalogue.read_ids} == {None, "train", "val"}


def test_photos_of_val_are_not_trained_on(made: Made) -> None:
    assert made.trained.photos == sum(row.split in (None, "train") for row in made.catalogue.rows)


def test_the_log_has_every_term_the_rate_and_the_steering_figures(made: Made) -> None:
    lines = log_lines(made.run)
    assert [line["epoch"] for line in lines] == ["1", "2", "3"]
    named = {"loss", "hierarchy", "target_code", "instance", "balance", "rate", "val_recall_at_1", "val_recall_at_10"}
    assert named <= lines[0].keys()


def test_training_lowers_the_loss(made: Made) -> None:
    losses = [float(line["loss"]) for line in log_lines(made.run)]
    assert losses[-1] < losses[0]


def test_the_best_epoch_is_the_one_that_steers_best_the_later_of_equals(made: Made) -> None:
    figures = [float(line["val_recall_at_1"]) for line in log_lines(made.run)]
    assert made.trained.best_epoch == len(figures) - figures[::-1].index(max(figures))
    assert made.trained.figures["val_recall_at_1"] == pytest.approx(max(figures), abs=1e-6)


def test_what_a_person_reads_of_a_run_is_one_short_line_an_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = draw_catalogue()
    train(drawn.rows, drawn.read, "drawn", tmp_path / "run", make_settings(2), Reporter())
    first, second, last = capsys.readouterr().err.splitlines()
    number = r"\d+\.\d{3}"
    assert re.fullmatch(rf"epoch 1/2  loss {number}  recall@1 {number}  \d+ s, about \d+ s left", first)
    assert re.fullmatch(rf"epoch 2/2  loss {number}  recall@1 {number}  \d+ s", second)
    assert last == "finishing on 30 photos"


def test_encoding_the_photos_at_the_end_has_a_bar_on_a_terminal(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path(shutil.copytree(made.run, tmp_path / "run"))
    (run / FINAL).unlink()
    monkeypatch.setenv("FORCE_COLOR", "1")
    train(made.catalogue.rows, made.catalogue.read, "drawn", run, made.settings, Reporter())
    said = capsys.readouterr().err
    assert "encoding photos" in said
    assert "30/30" in said


def test_looking_for_weights_at_the_hub_is_said_before_it_takes_its_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    drawn = draw_catalogue(labelled=False)
    with pytest.raises(UnavailableError):
        train(drawn.rows, drawn.read, "drawn", tmp_path / "run", make_settings(weights="hub"), Reporter())
    assert capsys.readouterr().err == "looking for the weights of test_efficientnet, here or at the hub\n"


def test_curves_are_written_for_tensorboard(made: Made) -> None:
    assert list((made.run / "tensorboard").glob("events.out.tfevents.*"))


def test_a_run_without_a_whole_epoch_gives_way_to_another_configuration(
    made: Made, tmp_path: Path, quiet: Reporter
) -> None:
    out = tmp_path / "run"
    kill_when(out, lambda run: (run / INITIAL).exists())
    assert not (out / LAST).exists()
    (out / BEST).write_bytes(b"of the first epoch, whose end was not reached")
    drawn = draw_catalogue()
    settings = make_settings(epochs=1, bits=32)
    done = train(drawn.rows, drawn.read, "drawn", out, settings, quiet)
    assert done.epochs == 1
    assert RunFolder(out).config().bits == 32


def trained_state(drawn: Drawn, settings: Settings, out: Path, quiet: Reporter) -> dict[str, Any]:
    train(drawn.rows, drawn.read, "drawn", out, settings, quiet)
    return RunFolder(out).load(FINAL)


def test_a_catalogue_without_any_labels_and_without_a_val_split_is_trained_by_two_views(
    tmp_path: Path, quiet: Reporter
) -> None:
    drawn = draw_catalogue(labelled=False, splits=False)
    done = train(drawn.rows, drawn.read, "drawn", tmp_path / "run", make_settings(epochs=2), quiet)
    assert done.figures == {}
    assert done.best_epoch == 2
    assert not [name for name in RunFolder(tmp_path / "run").load(FINAL)["network"] if name.startswith("classifier")]


def test_the_finished_network_lies_between_the_first_and_the_trained(tmp_path: Path, quiet: Reporter) -> None:
    recipe = {"average": 0.25, "head": "refit"}
    final = trained_state(draw_catalogue(), make_settings(1, recipe=recipe), tmp_path / "run", quiet)
    first, best = (RunFolder(tmp_path / "run").load(name) for name in (INITIAL, BEST))
    name = "backbone.conv_stem.weight"
    assert torch.allclose(final["network"][name], 0.75 * first[name] + 0.25 * best[name], atol=1e-7)
    assert torch.allclose(final["thresholds"], torch.zeros(64), atol=1e-5)


def test_fine_tuning_starts_from_the_file_and_a_projection_of_its_features(tmp_path: Path, quiet: Reporter) -> None:
    weights = tmp_path / "weights.safetensors"
    torch.manual_seed(9)
    save_file(create_backbone("test_efficientnet", "none", 64).module.state_dict(), weights)
    settings = make_settings(1, weights=str(weights))
    final = trained_state(draw_catalogue(), settings, tmp_path / "run", quiet)
    first = RunFolder(tmp_path / "run").load(INITIAL)
    assert torch.equal(first["backbone.network.conv_stem.weight"], load_file(weights)["conv_stem.weight"])
    assert float(first["embedding.bias"].abs().max()) > 0
    assert not torch.equal(final["network"]["embedding.weight"], first["embedding.weight"])
    assert torch.allclose(final["thresholds"], torch.zeros(64), atol=1e-4)
    weights.write_bytes(b"another file")
    with pytest.raises(InputError):
        train(draw_catalogue().rows, draw_catalogue().read, "drawn", tmp_path / "run", settings, quiet)


def test_a_probe_starts_training_from_a_classifier_that_knows_the_classes(tmp_path: Path, quiet: Reporter) -> None:
    weights = tmp_path / "weights.safetensors"
    save_file(create_backbone("test_efficientnet", "none", 64).module.state_dict(), weights)
    drawn = draw_catalogue()
    losses = []
    for probe in (False, True):
        # the statistics of drawn weights are far from those of any batch, unlike those of pretrained ones
        still = {"lr_backbone": 0, "lr_heads": 0, "frozen_norm": True}
        settings = make_settings(1, weights=str(weights), recipe={"probe": probe, **still})
        train(drawn.rows, drawn.read, "drawn", tmp_path / str(probe), settings, quiet)
        (line,) = log_lines(tmp_path / str(probe))
        losses.append(float(line["hierarchy"]))
    assert losses[1] < 0.9 * losses[0]


def test_what_a_killed_process_was_writing_is_removed(made: Made, tmp_path: Path, quiet: Reporter) -> None:
    run = Path(shutil.copytree(made.run, tmp_path / "run"))
    (run / "last.pt.77.partial").write_bytes(b"half")
    train(made.catalogue.rows, made.catalogue.read, "drawn", run, made.settings, quiet)
    assert not list(run.glob("*.partial"))


def test_the_number_of_threads_changes_no_choice_of_photos(tmp_path: Path, quiet: Reporter) -> None:
    states = [
        trained_state(draw_catalogue(), make_settings(1, threads=threads), tmp_path / str(threads), quiet)
        for threads in (1, 3)
    ]
    torch.set_num_threads(1)
    one, three = (state["network"]["embedding.weight"] for state in states)
    assert torch.allclose(one, three, atol=1e-2)


def test_config_json_can_be_read_back(made: Made) -> None:
    assert (made.run / CONFIG).exists()
    config = RunFolder(made.run).config()
    assert config.recipe == made.settings.recipe
    assert config.train_size == 48
    assert len(config.taxonomy.classes) == 10
