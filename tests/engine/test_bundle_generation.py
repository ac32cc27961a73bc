"""Opening a generation: whatever is missing, truncated, altered or foreign is one line with the file and the remedy."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.generation import open_generation
from engine.bundle.store import current
from engine.errors import BundleError
from engine.files import sha256
from tests.tiny_model import write_model

FILES = [
    "manifest.json",
    "model.onnx",
    "model.json",
    "lookup.arrow",
    "shards/00001.faiss",
    "shards/00001.rows",
    "shards/00001.f16",
    "shards/00001.features.f16",
    "shards/00001.thumbs",
]


@pytest.fixture
def folder(tmp_path: Path, tiny_bundle: Path) -> Path:
    """A generation that a test may damage."""
    return shutil.copytree(tiny_bundle / current(tiny_bundle), tmp_path / "generation")


def refusal(folder: Path, verify: bool = False) -> str:
    """The message with which a generation is refused: always one line."""
    with pytest.raises(BundleError) as caught:
        open_generation(folder, verify)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.exit_code == 2
    return message


def edit_manifest(folder: Path, change: Callable[[dict], None]) -> None:  # type: ignore[type-arg]
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_a_whole_generation_opens_and_knows_itself(folder: Path) -> None:
    generation = open_generation(folder, verify=True)
    assert generation.id == generation.manifest.generation
    assert generation.short_list == generation.manifest.short_list
    assert len(generation.table) == generation.index.rows == 60
    assert generation.thresholds.dtype == np.float32


def test_every_file_of_a_generation_is_tried_here(folder: Path) -> None:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {
        "report.json",
        "report.html",
    }
    assert {name.replace("00000", "00001").replace("00002", "00001") for name in found} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    message = refusal(folder)
    assert message.startswith(f"{folder / name} is missing; ")
    assert "twinshot index" in message


@pytest.mark.parametrize("name", FILES[1:])
def test_a_truncated_file_is_named(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:-9])
    message = refusal(folder)
    assert message.startswith(f"{path} has ")
    assert "truncated or altered" in message


@pytest.mark.parametrize("name", FILES[1:])
def test_an_altered_file_of_the_same_size_is_found_by_verify(folder: Path, name: str) -> None:
    path = folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert refusal(folder, verify=True).startswith(f"{path} is altered")


def test_an_altered_model_is_found_without_verify(folder: Path) -> None:
    path = folder / "model.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert refusal(folder).startswith(f"{path} is altered")


def test_a_truncated_manifest_is_named(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:-9])
    assert refusal(folder).startswith(f"{path} is not readable JSON")


def test_another_format_version_is_named_with_both_versions(folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest.update(format=2))
    message = refusal(folder)
    assert message.startswith(f"{folder / 'manifest.json'} has format 2, this version of Twinshot reads 1; ")


def test_a_manifest_with_a_field_missing_names_the_field(folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest.pop("thresholds"))
    assert "manifest.json: thresholds: Field required" in refusal(folder)


def test_an_index_made_by_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    other = write_model(tmp_path / "other", seed=9)
    for name in ("model.onnx", "model.json"):
        shutil.copyfile(other / name, folder / name)

    def accept_files(manifest: dict) -> None:  # type: ignore[type-arg]
        for name in ("model.onnx", "model.json"):
            path = folder / name
            manifest["files"][name] = {"bytes": path.stat().st_size, "sha256": sha256(path)}

    edit_manifest(folder, accept_files)
    message = refusal(folder)
    assert "the index was made by model" in message
    assert "codes of different models do not compare" in message


@pytest.mark.parametrize("forget", [False, True])
def test_a_model_file_that_the_card_does_not_describe_is_refused(folder: Path, tmp_path: Path, forget: bool) -> None:
    path = folder / "model.onnx"
    shutil.copyfile(write_model(tmp_path / "other", seed=9) / path.name, path)

    def accept_the_file(manifest: dict) -> None:  # type: ignore[type-arg]
        manifest["files"][path.name] = {"bytes": path.stat().st_size, "sha256": sha256(path)}
        if forget:
            del manifest["files"][path.name]

    edit_manifest(folder, accept_the_file)
    assert "model.json describes another model than model.onnx is" in refusal(folder)


def test_thresholds_of_another_length_are_refused(folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest.update(thresholds=[0.0]))
    assert "1 thresholds for 64 bits" in refusal(folder)


def test_shards_that_do_not_have_the_declared_rows_are_refused(folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest.update(rows=59))
    assert "do not have the rows that the manifest declares" in refusal(folder)
