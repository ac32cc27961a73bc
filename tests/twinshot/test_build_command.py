"""`twinshot build` from the outside: one command from a catalogue to a live generation."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from model_export.commands import train
from tests.tiny_catalogue import write_catalogue
from twinshot.commands import build as command

SMALL = ["--weights=none", "--backbone=test_efficientnet", "--bits=64", "--threads=1", "--seed=3"]


def twinshot(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "twinshot", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_all_that_a_build_makes_is_in_its_own_bundle_folder_and_json_is_all_it_prints(tmp_path: Path) -> None:
    catalogue, out = write_catalogue(tmp_path / "shop", products=4), tmp_path / "bundles"
    done = twinshot("build", catalogue, f"--out={out}", "--epochs=0", "--json", *SMALL)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["generation"], told["products"]) == ((out / "CURRENT").read_text().strip(), 4)
    assert json.loads((out / ".build" / "model" / "model.json").read_text())["training"]["seed"] == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundles", "shop"]


@pytest.mark.parametrize(
    ("option", "said"),
    [("--device=auto", "'cpu', 'cuda'"), ("--seed=-1", "--seed -1 is not a whole number of at least 0")],
)
def test_what_a_later_step_would_refuse_is_refused_at_once(tmp_path: Path, option: str, said: str) -> None:
    catalogue = write_catalogue(tmp_path / "shop", products=4)
    done = twinshot("build", catalogue, f"--out={tmp_path / 'bundles'}", option, "--epochs=0", *SMALL[:-1])
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert said in done.stderr
    assert not (tmp_path / "bundles").exists()


@pytest.mark.parametrize("wrong", ["--backbone=nope", "--weights=none.pth"])
def test_a_build_that_fails_before_it_has_made_anything_leaves_no_folder_of_its_own(tmp_path: Path, wrong: str) -> None:
    catalogue, out = write_catalogue(tmp_path / "shop", products=4), tmp_path / "deep" / "bundles"
    done = twinshot("build", catalogue, f"--out={out}", "--epochs=1", *SMALL, wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]
    out.mkdir(parents=True)
    assert twinshot("build", catalogue, f"--out={out}", "--epochs=1", *SMALL, wrong).returncode == 2
    assert list(out.iterdir()) == []


def test_a_mistyped_split_is_warned_of_before_training_and_when_it_is_indexed(tmp_path: Path) -> None:
    catalogue, out = write_catalogue(tmp_path / "shop", products=4, split="validation"), tmp_path / "bundles"
    done = twinshot("build", catalogue, f"--out={out}", "--epochs=0", *SMALL)
    assert done.returncode == 0, done.stderr
    step, told = "", []
    for line in done.stderr.splitlines():
        if line.startswith("== "):
            step = line
        elif line.startswith("warning: split 'validation' (4 rows) is indexed like any other name"):
            told.append(step)
    assert told == ["== twinshot train", "== twinshot index"]


def test_a_changed_catalogue_is_refused_with_a_remedy_that_build_has(tmp_path: Path) -> None:
    run, options = tmp_path / "bundles" / ".build" / "run", ["--epochs=1", "--set=batch=8", *SMALL]
    catalogue = write_catalogue(tmp_path / "shop", products=4)
    assert twinshot("train", catalogue, f"--out={run}", *options).returncode == 0
    write_catalogue(tmp_path / "shop", products=5)
    done = twinshot("build", catalogue, f"--out={tmp_path / 'bundles'}", *options)
    assert done.returncode == 2
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"twinshot: {run} holds a run with other rows: the catalogue has changed")
    assert "build: --work" in said


def test_titles_are_passed_on(tmp_path: Path) -> None:
    catalogue, out = write_catalogue(tmp_path / "shop", products=4), tmp_path / "bundles"
    done = twinshot("build", catalogue, f"--out={out}", "--titles", *SMALL)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("twinshot: --titles: too little is common to 4 different titles of ")


def test_strict_is_passed_on(tmp_path: Path) -> None:
    catalogue = write_catalogue(tmp_path / "shop", products=4)
    catalogue.write_text(catalogue.read_text() + "photos/gone.jpg,gone,P00,,,,,train\n")
    done = twinshot("build", catalogue, f"--out={tmp_path / 'bundles'}", "--epochs=0", "--strict", *SMALL)
    assert done.returncode == 2
    assert "gone.jpg" in done.stderr


def test_what_train_can_be_told_build_can_be_told_too_and_passes_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[list[str]] = []

    def note(step: list[str], quiet: bool) -> int:
        steps.append(step)
        return 0

    monkeypatch.setattr("twinshot.processes.run_to_end", note)
    said = {"size": 96, "projection": "itq", "precision": "bfloat16", "compile_": True, "processes": 2, "titles": True}
    said |= {"set_": ["batch=8", "bank=4"], "column": ["image=photo"], "threads": 3, "epochs": 0, "strict": True}
    defaults = {name: value.default for name, value in inspect.signature(command.build).parameters.items()}
    command.build(**{**defaults, "catalogue": tmp_path / "a.csv", "out": tmp_path / "bundles", **said})
    training = steps[0]
    names = {flag.removeprefix("--").partition("=")[0] for flag in training if flag.startswith("--")}
    known = {name.rstrip("_") for name in inspect.signature(train).parameters} - {"catalogue", "json", "images"}
    assert names == known
    assert {"--size=96", "--compile", "--set=batch=8", "--set=bank=4", "--epochs=0", "--processes=2"} <= set(training)
    assert not {flag for flag in steps[2] if flag.startswith(("--size", "--set", "--compile", "--epochs"))}
