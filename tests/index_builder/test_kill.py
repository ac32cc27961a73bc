"""A builder killed with SIGKILL at any moment: the live generation is untouched, the next run resumes."""

import signal
import subprocess
import sys
from pathlib import Path

from engine.bundle.generation import open_generation
from engine.bundle.store import current, names
from engine.files import sha256
from index_builder.indexing import Order, index
from index_builder.progress import Progress
from tests.children import child
from tests.tiny_catalogue import write_catalogue

PROJECT = Path(__file__).resolve().parents[2]

# The interpreter announces every file operation before it happens; at the chosen one the process kills itself.
CHILD = """
import os, signal, sys
from pathlib import Path

event, ending, skip = sys.argv[4], sys.argv[5], int(sys.argv[6])
def kill(name, args):
    global skip
    if name == event and any(str(own).endswith(ending) for own in args[:2]):
        if skip == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        skip -= 1

from index_builder import cache
from index_builder.indexing import Order, index
from index_builder.plan import Wishes
from index_builder.progress import Progress
cache.SEGMENT_PHOTOS = 20
sys.addaudithook(kill)
catalogue, model, out = map(Path, sys.argv[1:4])
index(Order(catalogue, model, out, wishes=Wishes(shard_rows=25), keep=1, force="grown"), Progress())
"""

BEFORE_LIVE = [
    ("encoding, before the first segment", "os.rename", ".arrow", 0),
    ("encoding, after one segment", "os.rename", ".arrow", 1),
    ("while shards are written", "open", "00001.f16", 0),
    ("while the model is copied", "shutil.copyfile", "model.json", 0),
    ("before the first manifest", "os.rename", "manifest.json", 0),
    ("before the report", "os.rename", "report.json", 0),
    ("before the report's page", "os.rename", "report.html", 0),
    ("before the last manifest", "os.rename", "manifest.json", 1),
    ("before the folder is moved in", "os.rename", ".partial", 4),
    ("before CURRENT is replaced", "os.rename", "CURRENT", 0),
]


def killed(catalogue: Path, model: Path, out: Path, event: str, ending: str, skip: int) -> None:
    """Run a builder until it kills itself."""
    command = [sys.executable, "-c", CHILD, str(catalogue), str(model), str(out), event, ending, str(skip)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*") if path.is_file()}


def test_a_builder_killed_at_any_moment_leaves_the_live_generation_and_resumes(
    tmp_path: Path, tiny_model: Path
) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue", products=10, queries=0)
    out = tmp_path / "out"
    index(Order(catalogue, tiny_model, out), Progress())
    live = current(out)
    before = contents(out / live)
    write_catalogue(catalogue.parent, products=30, queries=0)
    for moment, event, ending, skip in BEFORE_LIVE:
        killed(catalogue, tiny_model, out, event, ending, skip)
        assert current(out) == live, moment
        assert contents(out / live) == before, moment
        open_generation(out / live, verify=True)
        assert names(out) == [live] or moment == "before CURRENT is replaced", moment
    indexed = index(Order(catalogue, tiny_model, out, keep=1, force="grown"), Progress())
    assert indexed.report["new_photos"] == 0, "what the killed runs encoded was lost"
    assert open_generation(out / current(out), verify=True).manifest.rows == 90
    assert names(out) == [indexed.manifest.generation]
    assert not [path for path in out.rglob("*") if path.suffix in (".partial", ".deleted")]


def test_a_builder_killed_while_it_tidies_up_has_published(tmp_path: Path, tiny_model: Path) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue", products=10, queries=0)
    out = tmp_path / "out"
    index(Order(catalogue, tiny_model, out), Progress())
    old = current(out)
    killed(catalogue, tiny_model, out, "os.rename", f"{old}.deleted", 0)
    second = current(out)
    assert second != old
    open_generation(out / second, verify=True)
    assert names(out) == [second, old]
    killed(catalogue, tiny_model, out, "shutil.rmtree", ".deleted", 0)
    third = current(out)
    open_generation(out / third, verify=True)
    assert names(out) == [third, old], "a generation that is half deleted must not look whole"
    index(Order(catalogue, tiny_model, out, keep=1), Progress())
    assert len(names(out)) == 1
    assert not list((out / ".work").glob("*.deleted"))


def test_a_builder_killed_from_outside_while_encoding_loses_at_most_a_segment(tmp_path: Path, tiny_model: Path) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue", products=100, queries=0)
    out = tmp_path / "out"
    command = [sys.executable, "-c", CHILD, str(catalogue), str(tiny_model), str(out), "none", "none", "0"]
    with child(command, cwd=PROJECT, stderr=subprocess.PIPE) as builder:
        while not (stored := list(out.glob(".work/cache/*/*.arrow"))) and builder.poll() is None:
            pass
        builder.kill()
    assert builder.returncode == -signal.SIGKILL
    assert stored
    assert not (out / "CURRENT").exists()
    indexed = index(Order(catalogue, tiny_model, out), Progress())
    assert indexed.report["new_photos"] <= 300 - 20
    assert open_generation(out / current(out), verify=True).manifest.rows == 300
