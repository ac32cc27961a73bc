import json
from pathlib import Path

import numpy as np
import pytest

from engine.encoder import Encoder
from engine.errors import BundleError, UnavailableError
from engine.model import read_card


def copied(tiny_model: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("model.onnx", "model.json"):
        (folder / name).write_bytes((tiny_model / name).read_bytes())
    return folder


def edit(folder: Path, **changes: object) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_batch_is_encoded_as_its_photos_one_by_one(tiny_model: Path) -> None:
    encoder = Encoder(tiny_model)
    size = encoder.card.preprocessing.size
    pixels = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), dtype=np.uint8)
    together = encoder.encode(pixels, features=True)
    assert together.embeddings.shape == (3, encoder.card.bits)
    assert together.features is not None
    alone = [encoder.encode(pixels[i : i + 1]).embeddings[0] for i in range(3)]
    assert np.allclose(together.embeddings, alone, atol=1e-5)
    assert encoder.encode(pixels).features is None


@pytest.mark.parametrize("name", ["model.onnx", "model.json"])
def test_a_missing_file_is_named(tiny_model: Path, tmp_path: Path, name: str) -> None:
    folder = copied(tiny_model, tmp_path)
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"{name} is missing; export the model again"):
        read_card(folder)


def test_an_altered_model_is_noticed(tiny_model: Path, tmp_path: Path) -> None:
    folder = copied(tiny_model, tmp_path)
    data = bytearray((folder / "model.onnx").read_bytes())
    data[-1] ^= 1
    (folder / "model.onnx").write_bytes(data)
    with pytest.raises(BundleError, match=r"SHA-256 differs"):
        read_card(folder)


def test_another_format_version_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    folder = copied(tiny_model, tmp_path)
    edit(folder, format=99)
    with pytest.raises(BundleError, match="has format 99, this version of Twinshot reads 1"):
        read_card(folder)


def test_broken_json_and_wrong_fields_are_named(tiny_model: Path, tmp_path: Path) -> None:
    folder = copied(tiny_model, tmp_path)
    edit(folder, bits=12)
    with pytest.raises(BundleError, match=r"model\.json: bits: "):
        read_card(folder)
    (folder / "model.json").write_text("{")
    with pytest.raises(BundleError, match="not readable JSON"):
        read_card(folder)


def test_thresholds_must_be_as_many_as_bits(tiny_model: Path, tmp_path: Path) -> None:
    folder = copied(tiny_model, tmp_path)
    edit(folder, thresholds=[0.0])
    with pytest.raises(BundleError, match="1 thresholds for"):
        read_card(folder)


def test_a_device_that_is_not_here_is_an_error_and_never_replaced(tiny_model: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        assert Encoder(tiny_model, "cuda").card
    else:
        with pytest.raises(UnavailableError, match="needs ONNX Runtime's CUDAExecutionProvider"):
            Encoder(tiny_model, "cuda")
