"""Several processes train one network: they equal one process, and fail as one."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.catalogue.row import Row
from engine.errors import CatalogueError, InputError, TwinshotError, UnavailableError
from model_export.backbone import create_backbone
from model_export.group import Group, Place
from model_export.launch import at, train_together
from model_export.progress import Reporter
from model_export.run_folder import FINAL, LAST, LOG, RunFolder
from model_export.settings import Settings
from model_export.train import train
from tests.model_export.drawn import Drawn, draw_catalogue, make_settings


@dataclass
class Unlucky:
    """A reader to which something happens in the process `rank`, at the reading number `after` of a val photo."""

    drawn: Drawn
    rank: int
    after: int
    happens: Callable[[], None]

    def read(self, row: Row) -> bytes:
        self.after -= row.split == "val" or self.rank > 0
        if torch.distributed.get_rank() == self.rank and self.after < 0:
            self.happens()
        return self.drawn.read(row)


def fail() -> None:
    raise OSError("the disk has gone")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two epochs from weights in a file, with every term that sees more than one photo."""
    weights = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    torch.manual_seed(9)
    save_file(create_backbone("test_efficientnet", "none", 64).module.state_dict(), weights)
    recipe = {"frozen_norm": True, "geometry": 0.5, "bank": 8}
    return make_settings(2, weights=str(weights), recipe=recipe)


@pytest.fixture(scope="module")
def two(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of two processes."""
    run = tmp_path_factory.mktemp("together") / "run"
    drawn = draw_catalogue()
    done = train_together(2, drawn.rows, drawn.read, "drawn", run, settings, quiet=True)
    assert (done.epochs, done.photos) == (2, 30)
    return run


def test_two_processes_with_frozen_norms_give_the_network_of_one(
    settings: Settings, two: Path, tmp_path: Path, quiet: Reporter
) -> None:
    drawn = draw_catalogue()
    train(drawn.rows, drawn.read, "drawn", tmp_path / "run", settings, quiet)
    one, both = (RunFolder(run).load(LAST) for run in (tmp_path / "run", two))
    for name, value in one["network"].items():
        assert torch.allclose(value, both["network"][name], rtol=0, atol=1e-5), name
    for mine, theirs in zip(one["history"], both["history"], strict=True):
        same = mine.keys() - {"seconds"}
        assert {name: theirs[name] for name in same} == pytest.approx({name: mine[name] for name in same}, abs=1e-4)


def test_frozen_norms_keep_the_statistics_of_the_starting_weights_and_train_the_rest(two: Path) -> None:
    first, last = RunFolder(two).load("initial.pt"), RunFolder(two).load(LAST)["network"]
    changed = {name for name, value in first.items() if not torch.equal(value, last[name])}
    assert "backbone.network.bn1.weight" in changed
    assert [name for name in changed if "running" in name or "tracked" in name] == []


def test_an_error_of_the_first_process_is_raised_once_and_a_run_resumed_after_it_equals_one_never_stopped(
    settings: Settings, two: Path, tmp_path: Path
) -> None:
    drawn, run = draw_catalogue(), tmp_path / "run"
    unlucky = Unlucky(drawn, 0, 10, fail)  # ten photos steer: the validation after the second epoch
    with pytest.raises(CatalogueError, match=r"of catalogue\.csv: '\d+\.png': the disk has gone"):
        train_together(2, drawn.rows, unlucky.read, "drawn", run, settings, quiet=True)
    assert (run / LAST).exists()
    assert not (run / FINAL).exists()
    train_together(2, drawn.rows, drawn.read, "drawn", run, settings, quiet=True)
    resumed, whole = (RunFolder(path).load(FINAL)["network"] for path in (run, two))
    assert all(torch.equal(value, whole[name]) for name, value in resumed.items())


@pytest.mark.parametrize(
    ("happens", "kind", "said"),
    [
        (fail, CatalogueError, "the disk has gone"),
        (die, TwinshotError, "process 2 of 2 was ended by SIGKILL .*; run the same command again to go on"),
    ],
)
def test_what_ends_another_process_ends_all_and_is_what_is_told(
    settings: Settings,
    tmp_path: Path,
    happens: Callable[[], None],
    kind: type[Exception],
    said: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    drawn = draw_catalogue()
    with pytest.raises(kind, match=said):
        train_together(
            2, drawn.rows, Unlucky(drawn, 1, 0, happens).read, "drawn", tmp_path / "run", settings, quiet=True
        )
    assert not (tmp_path / "run" / LOG).exists()
    assert capfd.readouterr().err == ""


def test_norms_that_are_not_frozen_are_refused_on_the_cpu_with_the_remedy(tmp_path: Path, quiet: Reporter) -> None:
    drawn = draw_catalogue()
    with pytest.raises(InputError, match="take one process, or pretrained weights and frozen_norm=true"):
        train(drawn.rows, drawn.read, "drawn", tmp_path / "run", make_settings(1), quiet, Group(0, 2))


def test_threads_are_shared_out_and_each_process_wants_a_cuda_device_of_its_own() -> None:
    place = Place(1, 2, 1, 2, "")
    assert at(place, make_settings(threads=5)).threads == 2
    assert at(place, make_settings(threads=1)).threads == 1
    devices = torch.cuda.device_count()
    far = Place(devices, devices + 1, devices, devices + 1, "")
    with pytest.raises(UnavailableError, match=f"this machine has {devices}"):
        at(far, make_settings(device=torch.device("cuda")))
