"""Killed at any moment, a compaction leaves a whole bundle folder, and the next one succeeds."""

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current, names
from engine.changes.state import open_state
from index_builder.compaction.compact import compact
from index_builder.progress import Progress
from tests.app.running import photo_of
from tests.changed import delete, keep, put

PROJECT = Path(__file__).resolve().parents[3]
OPERATIONS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.copyfile", "shutil.rmtree")

# The interpreter announces every file operation before it happens; at the chosen one the process kills itself.
CHILD = f"""
import os, signal, sys
from pathlib import Path

left = int(sys.argv[3])
def kill(name, args):
    global left
    if name in {OPERATIONS!r}:
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

from engine.encoder import Encoder
from index_builder.compaction.compact import compact
from index_builder.progress import Progress
bundles, state = map(Path, sys.argv[1:3])
Encoder(next(bundles.glob("2*")))  # its libraries are loaded, and not announced
sys.addaudithook(kill)
compact(bundles, state, 1, 1, Progress())
print(10**9 - left)
"""
NEVER = 10**9


def run_child(bundles: Path, state: Path, left: int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", CHILD, str(bundles), str(state), str(left)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)


def whole(bundles: Path) -> Generation:
    """The live generation; all that are listed are whole too."""
    for name in names(bundles):
        open_generation(bundles / name, verify=True)
    return open_generation(bundles / current(bundles))


@pytest.mark.parametrize("seed", range(2))
def test_a_compaction_killed_at_any_moment_leaves_a_whole_folder_and_the_next_one_succeeds(
    tmp_path: Path, tiny_bundle: Path, seed: int
) -> None:
    bundles, folder = shutil.copytree(tiny_bundle, tmp_path / "bundles"), tmp_path / "state"
    folder.mkdir()
    state = open_state(folder)
    put(state, "NEW", {"n": keep(state, photo_of(40))})
    delete(state, "P05")
    untouched = shutil.copytree(bundles, tmp_path / "copy")
    first = run_child(untouched, shutil.copytree(folder, tmp_path / "other"), NEVER)
    assert first.returncode == 0, first.stderr
    operations, rng = int(first.stdout), random.Random(seed)
    assert 20 < operations < 500
    rows = {60, 58}
    kills = 0
    for moment in sorted(rng.sample(range(operations), 6)):
        killed = run_child(bundles, folder, moment)
        assert killed.returncode in (-signal.SIGKILL, 0), killed.stderr
        kills += killed.returncode != 0
        live = whole(bundles)
        assert live.manifest.rows in rows
        if live.manifest.includes_revision == state.log.revision:  # it was published: the next one has something to do
            put(state, "NEW", {"n": keep(state, photo_of(40))}, title=str(moment))
            rows = {58}
    assert kills > 3
    compact(bundles, folder, 1, 1, Progress())
    generation = whole(bundles)
    assert generation.manifest.includes_revision == state.log.revision
    assert generation.manifest.rows == 58
    assert generation.ids(generation.table.product("NEW")) == (["NEW"], ["n"])
    assert generation.ids(np.arange(58))[0].count("P05") == 0
    assert not [path for path in bundles.rglob("*") if path.suffix in (".partial", ".deleted")]
    state.close()
