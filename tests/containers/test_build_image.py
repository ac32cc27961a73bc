"""The image of the offline programs makes a generation, as whoever it is run as."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.bundle.generation import open_generation
from engine.bundle.store import current
from tests.containers.compose import PROJECT, USER

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1800)]
SMALL = ["--weights=none", "--backbone=test_efficientnet", "--bits=64", "--epochs=1", "--set=batch=8"]


def test_a_catalogue_becomes_a_generation(tiny_catalogue: Path, tmp_path: Path) -> None:
    index = os.environ.get("PIP_EXTRA_INDEX_URL")  # of torch's CPU builds, as docs/operations.md says
    arguments = ["--build-arg", f"PIP_EXTRA_INDEX_URL={index}"] if index else []
    target = ["--target", "build", "--file", "docker/Dockerfile", "--tag", "twinshot-build"]
    subprocess.run(["docker", "build", *arguments, *target, "."], cwd=PROJECT, check=True)
    work = tmp_path / "work"
    shutil.copytree(tiny_catalogue.parent, work)
    for path in (work, *work.rglob("*")):
        os.chown(path, USER, USER)
    own = ["--volume", f"{work}:/work", "--user", f"{USER}:{USER}"]
    command = ["build", "catalogue.csv", "--out", "bundles", *SMALL]
    subprocess.run(["docker", "run", "--rm", *own, "twinshot-build", *command], check=True)
    generation = open_generation(work / "bundles" / current(work / "bundles"))
    assert generation.manifest.rows > 0
    assert (work / "bundles").stat().st_uid == USER
