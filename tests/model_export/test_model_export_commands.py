import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.errors import CatalogueError, InputError
from engine.model import read_card
from tests.model_export.drawn import draw_catalogue
from tests.watched_photos import photos_read
from twinshot.cli import app

SMALL = ["--weights=none", "--backbone=test_efficientnet", "--size=64", "--bits=64", "--threads=1", "--device=cpu"]


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """The drawn catalogue as files, with a missing photo, and all photos of test and query damaged."""
    drawn = draw_catalogue()
    folder = tmp_path / "shop"
    folder.mkdir()
    lines = ["picture,image_id,product_id,meta,level2,leaf,split"]
    for row in drawn.rows:
        photo = b"never opened" if row.split in ("test", "query") else drawn.photos[row.image]
        (folder / row.image).write_bytes(photo)
        lines.append(",".join([row.image, row.image_id, str(row.product_id), *map(str, row.category), row.split or ""]))
    lines.append("gone.png,gone,p1,m1,l1,f1,train")
    (folder / "shop.csv").write_text("\n".join(lines) + "\n")
    return folder / "shop.csv"


def test_importing_the_commands_loads_neither_torch_nor_pillow() -> None:
    code = (
        "import sys, model_export.commands; print(sorted({'torch', 'timm', 'PIL', 'onnxruntime'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_train_and_export_make_a_model_and_say_so_in_json(catalogue: Path, tmp_path: Path) -> None:
    run, model = tmp_path / "run", tmp_path / "model"
    options = ["--epochs=1", "--set=batch=8", "--column=image=picture", "--json", *SMALL]
    done = CliRunner().invoke(app, ["train", str(catalogue), f"--out={run}", *options], catch_exceptions=False)
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["photos"], told["epochs"], told["run"]) == (30, 1, str(run))
    assert set(told["figures"]) == {"val_recall_at_1", "val_recall_at_10"}
    assert "1 bad row left out" in done.stderr
    assert "epoch 1/1" in done.stderr

    done = CliRunner().invoke(app, ["export", str(run), f"--out={model}", "--json"], catch_exceptions=False)
    assert json.loads(done.stdout)["parity"]["photos"] == 30
    card = read_card(model)
    assert card.training.catalogue == str(catalogue)
    assert card.training.recipe["batch"] == 8


def test_torchruns_processes_train_one_network_and_the_first_answers(catalogue: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "twinshot"]
    options = ["--epochs=1", "--set=batch=8", "--set=frozen_norm=true", "--column=image=picture", "--json", *SMALL]
    command = [*torchrun, "train", str(catalogue), f"--out={run}", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["epochs"] == 1
    assert done.stderr.count("epoch 1/1") == done.stderr.count("1 bad row left out") == 1
    assert (run / "final.pt").exists()


def test_processes_are_started_by_torchrun_or_by_train_but_not_by_both(
    catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "7"}
    for name, value in place.items():
        monkeypatch.setenv(name, value)
    command = ["train", str(catalogue), f"--out={tmp_path / 'run'}", "--processes=2", "--weights=none"]
    with pytest.raises(InputError, match="--processes 2 under torchrun"):
        CliRunner().invoke(app, command, catch_exceptions=False)


def test_strict_refuses_a_catalogue_with_a_bad_row(catalogue: Path, tmp_path: Path) -> None:
    arguments = ["train", str(catalogue), f"--out={tmp_path / 'run'}", "--strict", "--column=image=picture", *SMALL]
    with pytest.raises(CatalogueError, match=r"gone\.png"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("option", "named"),
    [("--projection=lda", "--projection 'lda'"), ("--set=average", "NAME=VALUE")],
)
def test_a_wrong_option_is_an_error_that_names_it(catalogue: Path, tmp_path: Path, option: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        CliRunner().invoke(app, ["train", str(catalogue), f"--out={tmp_path / 'run'}", option], catch_exceptions=False)


def test_less_than_no_epochs_is_bad_usage_and_lists_no_recipe(catalogue: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["train", str(catalogue), f"--out={tmp_path / 'run'}", "--epochs=-1"])
    assert done.exit_code == 2
    assert "--epochs" in done.stderr
    assert "lr_backbone" not in done.stderr


@pytest.mark.parametrize(("options", "weight"), [(["--titles"], 0.5), (["--titles", "--set=titles=0.2"], 0.2)])
def test_titles_are_learned_where_that_is_asked_for(tmp_path: Path, options: list[str], weight: float) -> None:
    drawn = draw_catalogue(labelled=False, splits=False)
    lines = ["image,name"]
    for number, (name, photo) in enumerate(drawn.photos.items()):
        (tmp_path / name).write_bytes(photo)
        lines.append(f"{name},{'round' if number % 2 else 'square'} thing {number}")
    (tmp_path / "shop.csv").write_text("\n".join(lines) + "\n")
    run = tmp_path / "run"
    arguments = ["train", str(tmp_path / "shop.csv"), f"--out={run}", "--epochs=1", "--set=batch=8", *SMALL, *options]
    done = CliRunner().invoke(app, [*arguments, "--column=title=name"], catch_exceptions=False)
    assert f"2 attributes from titles: {run / 'attributes.json'}" in done.stderr
    assert json.loads((run / "config.json").read_text())["recipe"]["titles"] == weight


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--titles"], "has a title; name their column with --column title="),
        (["--titles", "--epochs=0"], "leave --titles off"),
        (["--titles", "--set=titles=0"], "contradict each other"),
    ],
)
def test_titles_that_cannot_be_learned_are_an_error(
    catalogue: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    arguments = ["train", str(catalogue), f"--out={tmp_path / 'run'}", "--column=image=picture", *SMALL, *options]
    with photos_read() as read, pytest.raises(InputError, match=said):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert read == []


@pytest.mark.parametrize("epochs", [0, 1])
def test_one_photo_is_too_few_to_train_on(catalogue: Path, tmp_path: Path, epochs: int) -> None:
    table = catalogue.with_name("one.csv")
    table.write_text("image\n1.png\n")
    arguments = ["train", str(table), f"--out={tmp_path / 'run'}", f"--epochs={epochs}", *SMALL]
    with pytest.raises(CatalogueError, match=r"one\.csv has one photo to train on .*, and two are the fewest"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_a_run_without_held_out_photos_says_no_figures(tmp_path: Path) -> None:
    drawn = draw_catalogue(labelled=False, splits=False)
    for name, photo in drawn.photos.items():
        (tmp_path / name).write_bytes(photo)
    (tmp_path / "shop.csv").write_text("\n".join(["image", *drawn.photos]) + "\n")
    arguments = ["train", str(tmp_path / "shop.csv"), f"--out={tmp_path / 'run'}", "--epochs=1", "--set=batch=8"]
    done = CliRunner().invoke(app, [*arguments, *SMALL], catch_exceptions=False)
    assert re.fullmatch(rf"run +{tmp_path / 'run'}\nphotos +60\ntime +\d+ s\n", done.stdout)
