"""Stages of the demo are used again, begin anew, or go on where they were cut off."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import InputError
from twinshot.demo.stages import RECORD, Stages, files_digest, source_digest


class Work:
    """A stage that writes a file and counts how often it ran."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / f"{self.runs}").write_text("done")
        self.runs += 1


def test_a_stage_with_the_same_key_runs_once(tmp_path: Path) -> None:
    work = Work()
    Stages(tmp_path).ensure("export", "model", "k", work)
    again = Stages(tmp_path)
    assert again.ensure("export", "model", "k", work) == tmp_path / "model"
    assert (work.runs, again.reused) == (1, ["export"])


def test_a_stage_with_another_key_starts_from_nothing(tmp_path: Path) -> None:
    work = Work()
    Stages(tmp_path).ensure("export", "model", "k", work)
    again = Stages(tmp_path)
    again.ensure("export", "model", "other", work)
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["1"]
    assert again.reused == []


def test_a_stage_that_was_cut_off_goes_on_with_what_it_left(tmp_path: Path) -> None:
    work = Work()

    def cut_off(folder: Path) -> None:
        work(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Stages(tmp_path).ensure("train", "run", "k", cut_off)
    Stages(tmp_path).ensure("train", "run", "k", work)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["0", "1"]


def test_a_stage_whose_folder_was_removed_runs_again(tmp_path: Path) -> None:
    work = Work()
    Stages(tmp_path).ensure("export", "model", "k", work)
    (tmp_path / "model" / "0").unlink()
    (tmp_path / "model").rmdir()
    Stages(tmp_path).ensure("export", "model", "k", work)
    assert work.runs == 2


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(InputError, match="was not made by a demo; name another folder with --out"):
        Stages(tmp_path).ensure("export", "model", "k", Work())


def test_a_damaged_record_names_its_file_and_the_remedy(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text("{")
    with pytest.raises(InputError, match=r"stages\.json is not readable JSON .*; remove"):
        Stages(tmp_path)


def test_a_key_of_files_changes_with_any_of_them(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"1")
    before = files_digest([path])
    assert files_digest([path]) == before
    path.write_bytes(b"12")
    assert files_digest([path]) != before


def test_a_key_of_sources_needs_no_import() -> None:
    code = "import sys; from twinshot.demo.stages import source_digest; print(source_digest('model_export', 'app'))"
    code += "; print('torch' in sys.modules, 'fastapi' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert out == [source_digest("model_export", "app"), "False", "False"]
