"""A broken bundle ends every command that opens it with one line that names the file and the remedy."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tiny_model import write_model


def live(bundles: Path) -> Path:
    return bundles / (bundles / "CURRENT").read_text().strip()


def remove_shard(folder: Path) -> str:
    (folder / "shards" / "00001.faiss").unlink()
    return "00001.faiss is missing"


def truncate_rows(folder: Path) -> str:
    path = folder / "shards" / "00000.rows"
    path.write_bytes(path.read_bytes()[:-100])
    return "00000.rows has "


def alter_model(folder: Path) -> str:
    path = folder / "model.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    return "model.onnx is altered"


def another_format(folder: Path) -> str:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    return "manifest.json has format 2"


def another_model(folder: Path) -> str:
    """The model's files replaced, and the manifest's records of them with them."""
    write_model(folder, bits=64, seed=5)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in ("model.onnx", "model.json"):
        data = (folder / name).read_bytes()
        manifest["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    path.write_text(json.dumps(manifest))
    return "the index was made by model"


BREAKS = [remove_shard, truncate_rows, alter_model, another_format, another_model]


@pytest.mark.parametrize("break_it", BREAKS, ids=lambda own: own.__name__)
@pytest.mark.parametrize("command", ["search", "verify", "serve"])
def test_a_broken_bundle_is_one_line_with_file_and_remedy(
    tiny_bundle: Path, tiny_photo: Path, tmp_path: Path, command: str, break_it: Callable[[Path], str], free_port: int
) -> None:
    bundles = tmp_path / "bundles"
    shutil.copytree(tiny_bundle, bundles)
    expected = break_it(live(bundles))
    options = {"search": [str(tiny_photo)], "verify": [], "serve": ["--port", str(free_port)]}[command]
    done = subprocess.run(
        [sys.executable, "-m", "twinshot", command, str(bundles), *options],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if not line.startswith('{"time"')]
    assert done.returncode == 2
    assert len(lines) == 1
    assert lines[0].startswith("twinshot: ")
    assert expected in lines[0]
    assert "build the generation again" in lines[0]


def test_a_bit_altered_in_a_shard_is_found_by_verify(tiny_bundle: Path, tmp_path: Path) -> None:
    bundles = tmp_path / "bundles"
    shutil.copytree(tiny_bundle, bundles)
    path = live(bundles) / "shards" / "00000.faiss"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "twinshot", "verify", str(bundles)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "00000.faiss is altered" in done.stderr
