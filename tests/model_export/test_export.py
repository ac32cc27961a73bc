import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from engine.errors import BundleError, InputError, ParityError
from engine.model import CARD_FILE, ONNX_FILE, read_card
from engine.preprocess import load
from model_export.export import export
from model_export.parity import compare, run_onnx
from model_export.run_folder import FINAL, PHOTOS, RunFolder
from model_export.settings import Settings
from tests.model_export.drawn import Drawn, Made, draw_catalogue, make_settings

KILLED = """
import os, signal, sys
from pathlib import Path
from model_export.export import _publish

staging, out = map(Path, sys.argv[1:])
def kill(name, args):
    if name == "os.rename" and Path(args[1]) == out:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill)  # hears of a rename before it is done
_publish(staging, out)
"""


def session(model: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(model / ONNX_FILE), providers=["CPUExecutionProvider"])


@pytest.fixture
def run_copy(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.run, tmp_path / "run"))


def test_the_model_folder_holds_a_graph_and_its_card(made: Made) -> None:
    card = read_card(made.model)
    assert sorted(path.name for path in made.model.iterdir()) == [CARD_FILE, ONNX_FILE]
    assert (card.backbone, card.bits, card.features) == ("test_efficientnet", 64, 256)
    assert card.preprocessing == made.settings.preprocessing
    assert card.training.recipe["head"] == "trained"
    assert card.parity.photos == made.trained.photos
    assert card.parity == made.exported.parity


def test_the_graph_takes_bytes_of_any_number_of_photos(made: Made) -> None:
    opened = session(made.model)
    assert [(own.name, own.type) for own in opened.get_inputs()] == [("pixels", "tensor(uint8)")]
    assert [own.name for own in opened.get_outputs()] == ["embedding", "probabilities", "features"]
    for count in (1, 2, 5, 33):
        photos = np.zeros((count, 64, 64, 3), dtype=np.uint8)
        shapes = [output.shape for output in opened.run(None, {"pixels": photos})]
        assert shapes == [(count, 64), (count, 10), (count, 256)]


def test_a_photo_answers_alike_alone_and_in_a_batch(made: Made) -> None:
    opened = session(made.model)
    photos = RunFolder(made.run).photos()[:7]
    together = opened.run(None, {"pixels": photos})[0]
    alone = np.concatenate([opened.run(None, {"pixels": photo[None]})[0] for photo in photos])
    assert np.allclose(together, alone, atol=1e-4)


def test_probabilities_sum_to_1(made: Made) -> None:
    probabilities = session(made.model).run(["probabilities"], {"pixels": RunFolder(made.run).photos()})[0]
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_thresholds_are_the_means_over_the_training_photos(made: Made) -> None:
    spec = made.settings.preprocessing
    train = [row for row in made.catalogue.rows if row.split in (None, "train")]
    photos = np.stack([load(made.catalogue.photos[row.image], spec) for row in train])
    embedding = session(made.model).run(["embedding"], {"pixels": photos})[0]
    assert np.allclose(embedding.mean(axis=0), read_card(made.model).thresholds, atol=1e-4)


def test_normalisation_and_batch_norms_are_inside_the_graph(made: Made) -> None:
    graph = onnx.load(str(made.model / ONNX_FILE)).graph
    assert "BatchNormalization" not in {node.op_type for node in graph.node}
    assert graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert not any(tensor.external_data for tensor in graph.initializer)


def test_a_projection_without_training_needs_no_labels_and_gives_no_probabilities(
    make: Callable[[Drawn, Settings], Made],
) -> None:
    done = make(draw_catalogue(labelled=False), make_settings(epochs=0))
    card = read_card(done.model)
    assert card.taxonomy.classes == ()
    assert card.training.epochs == 0
    photos = RunFolder(done.run).photos()
    embedding, probabilities, _ = session(done.model).run(None, {"pixels": photos})
    assert probabilities.shape == (len(photos), 0)
    assert np.abs(embedding.mean(axis=0)).max() < 1e-3
    splits = {row.image_id: row.split for row in done.catalogue.rows}
    assert {splits[image_id] for image_id in done.catalogue.read_ids} == {None, "train"}


def test_another_backbone_can_be_exported_too(make: Callable[[Drawn, Settings], Made]) -> None:
    done = make(draw_catalogue(), make_settings(epochs=0, backbone="test_vit", size=64))
    assert read_card(done.model).features == 64


def test_a_model_there_is_replaced_as_a_whole_and_the_exporter_says_nothing(
    made: Made, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"
    shutil.copytree(made.model, out)
    (out / "old.txt").write_text("of the old model")
    export(made.run, out)
    assert sorted(path.name for path in out.iterdir()) == [CARD_FILE, ONNX_FILE]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert read_card(out) == read_card(made.model)
    assert capfd.readouterr() == ("", "")


def test_killed_as_it_replaces_a_model_it_leaves_both_and_a_reader_is_told_where(made: Made, tmp_path: Path) -> None:
    out, new = (Path(shutil.copytree(made.model, tmp_path / name)) for name in ("model", "new"))
    (out / "old.txt").write_text("of the old model")
    done = subprocess.run([sys.executable, "-c", KILLED, new, out], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    old = tmp_path / ".model.replaced"
    assert sorted(path.name for path in old.iterdir()) == [CARD_FILE, ONNX_FILE, "old.txt"]
    with pytest.raises(BundleError, match=f"killed as it replaced it: rename {old} to model, or export the model"):
        read_card(out)
    export(made.run, out)
    assert read_card(out) == read_card(made.model)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "new"]


def test_a_folder_that_is_no_model_is_refused_and_left_alone(made: Made, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="no model"):
        export(made.run, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    with pytest.raises(InputError, match="is a file"):
        export(made.run, tmp_path / "letter.txt")


@pytest.mark.parametrize("name", [FINAL, PHOTOS])
def test_an_unfinished_or_damaged_run_is_an_error_that_names_the_file(
    run_copy: Path, tmp_path: Path, name: str
) -> None:
    (run_copy / name).write_bytes((run_copy / name).read_bytes()[:100])
    with pytest.raises(InputError, match=name):
        export(run_copy, tmp_path / "model")
    (run_copy / name).unlink()
    with pytest.raises(InputError, match=name):
        export(run_copy, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_folder_without_a_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no run"):
        export(tmp_path, tmp_path / "model")


def test_a_model_that_fails_the_parity_gate_is_not_written(run_copy: Path, tmp_path: Path) -> None:
    folder = RunFolder(run_copy)
    final = folder.load(FINAL)
    final["network"]["embedding.weight"].fill_(torch.nan)
    folder.save(FINAL, final)
    with pytest.raises(ParityError, match="embedding"):
        export(run_copy, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def outputs(made: Made) -> dict[str, np.ndarray]:
    return run_onnx(made.model / ONNX_FILE, RunFolder(made.run).photos())


def test_parity_counts_the_bits_that_differ(made: Made) -> None:
    expected = outputs(made)
    thresholds = np.asarray(read_card(made.model).thresholds, dtype=np.float32)
    assert compare(expected, expected, thresholds).differing_bits == 0
    moved = {**expected, "embedding": expected["embedding"].copy()}
    nearest = np.unravel_index(np.abs(expected["embedding"] - thresholds).argmin(), expected["embedding"].shape)
    moved["embedding"][nearest] = 2 * thresholds[nearest[1]] - expected["embedding"][nearest]
    parity = compare(expected, moved, thresholds)
    assert parity.differing_bits == 1 / expected["embedding"].size
    assert parity.max_difference > 0


def test_too_many_differing_bits_fail(made: Made) -> None:
    expected = outputs(made)
    thresholds = expected["embedding"][0]
    moved = {**expected, "embedding": expected["embedding"] + np.float32(1e-6)}
    with pytest.raises(ParityError, match="of the exported model's bits differ"):
        compare(expected, moved, thresholds)


@pytest.mark.parametrize("name", ["embedding", "probabilities", "features"])
def test_a_difference_in_any_output_fails(made: Made, name: str) -> None:
    expected = outputs(made)
    thresholds = np.asarray(read_card(made.model).thresholds, dtype=np.float32)
    with pytest.raises(ParityError, match=f"model's {name} differs"):
        compare(expected, {**expected, name: expected[name] * np.float32(1.01)}, thresholds)
    with pytest.raises(ParityError, match=f"model's {name} is"):
        compare(expected, {**expected, name: expected[name][:, :-1]}, thresholds)


def test_the_first_bits_of_a_run_are_a_model_of_their_own(made: Made, tmp_path: Path) -> None:
    export(made.run, tmp_path / "short", bits=24)
    photos = RunFolder(made.run).photos()[:5]
    whole, short = (session(own).run(None, {"pixels": photos}) for own in (made.model, tmp_path / "short"))
    assert short[0].shape == (5, 24)
    assert np.allclose(short[0], whole[0][:, :24], atol=1e-4)
    assert np.array_equal(short[1], whole[1])
    card = read_card(tmp_path / "short")
    assert (card.bits, card.thresholds) == (24, read_card(made.model).thresholds[:24])


@pytest.mark.parametrize("bits", [0, 12, 72])
def test_bits_that_a_run_does_not_have_are_an_error(made: Made, tmp_path: Path, bits: int) -> None:
    with pytest.raises(InputError, match=f"--bits {bits} is not a multiple of 8 from 8 to the run's 64"):
        export(made.run, tmp_path / "short", bits=bits)
    assert not (tmp_path / "short").exists()
