from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.errors import InputError, UnavailableError
from model_export.backbone import create_backbone
from model_export.progress import Reporter
from model_export.run_folder import FINAL, RunFolder
from model_export.train import train
from tests.model_export.drawn import Made, draw_catalogue, make_settings


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_come_from_a_file_with_their_licence_and_checksum(tmp_path: Path, suffix: str) -> None:
    state = create_backbone("test_efficientnet", "none", 64).module.state_dict()
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save(state, path)
    else:
        save_file(state, path, {"license": "CC0"})
    loaded = create_backbone("test_efficientnet", str(path), 64)
    assert all(torch.equal(value, state[name]) for name, value in loaded.module.state_dict().items())
    assert loaded.weights.source == path.name
    assert loaded.weights.licence == (None if suffix == ".pth" else "CC0")
    assert len(loaded.weights.sha256 or "") == 64


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("weights.safetensors", b"no weights at all", "are no whole .safetensors file"),
        ("weights.pth", b"no weights at all", "are no whole .pth file"),
        ("photo.jpg", b"some text", "are no whole .pth file"),  # of which unpickling makes an IndexError
        ("text.jpg", b"hello, this is text", "are no whole .pth file"),  # and of this a KeyError
        ("empty.safetensors", b"", "have 0 bytes"),
        ("empty.pth", b"", "have 0 bytes"),
    ],
)
def test_a_file_without_weights_is_one_line_with_the_remedy(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    line = refused(tmp_path / name)
    assert line.startswith(f"weights {tmp_path / name} {said}")
    assert line.endswith("; copy it or download it again, or name another with --weights")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_half_a_file_is_no_whole_one(tmp_path: Path, suffix: str) -> None:
    path, state = tmp_path / f"half{suffix}", {"layer": torch.zeros(2000)}
    if suffix == ".pth":
        torch.save(state, path)
    else:
        save_file(state, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert f"are no whole {suffix} file, but damaged, cut off or something else" in refused(path)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"state_dict": {"layer": torch.zeros(2)}}, "have 'state_dict', which is no tensor"),
        ({"layer": torch.zeros(2), "epoch": 3}, "have 'epoch', which is no tensor"),
        ([torch.zeros(2)], "hold a list, no tensors by their names"),
        (torch.nn.Linear(2, 2), "hold more than tensors, and only tensors are read"),
    ],
)
def test_a_file_of_more_than_a_state_dict_says_what_to_save(tmp_path: Path, held: object, said: str) -> None:
    torch.save(held, tmp_path / "weights.pth")
    line = refused(tmp_path / "weights.pth")
    assert line.startswith(f"weights {tmp_path / 'weights.pth'} {said}; save the state dict of that network alone (")


def refused(path: Path) -> str:
    """What is said of the weights at `path`: one line, in none of torch's words."""
    with pytest.raises(InputError) as error:
        create_backbone("test_efficientnet", str(path), 64)
    said = str(error.value)
    assert "\n" not in said
    assert "Error" not in said
    assert "state_dict for" not in said
    return said


class Harmful:
    """What makes a file where it is unpickled as pickle means it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_no_code_in_weights_or_in_a_checkpoint_is_run(tmp_path: Path) -> None:
    mark, weights = tmp_path / "was-here", tmp_path / "weights.pth"
    for path in (weights, tmp_path / FINAL):
        torch.save({"network": Harmful(mark)}, path)
    assert "hold more than tensors" in refused(weights)
    with pytest.raises(InputError, match="is damaged"):
        RunFolder(tmp_path).load(FINAL)
    assert not mark.exists()


def test_weights_of_another_network_are_one_line_with_what_does_not_fit(tmp_path: Path) -> None:
    state = create_backbone("test_efficientnet", "none", 64).module.state_dict()
    first, second, third, *_ = state
    path = tmp_path / "other.safetensors"
    changed = {**state, third: torch.zeros(1), "fc.weight": torch.zeros(2), "fc.bias": torch.zeros(2)}
    save_file({name: value for name, value in changed.items() if name not in (first, second)}, path)
    line = refused(path)
    assert line.startswith(f"weights {path} do not fit test_efficientnet without its classifier: ")
    for said in (f"{first!r} is missing (and 1 more)", f"{third!r} has another shape", "is unknown (and 1 more)"):
        assert said in line
    assert "name their network with --backbone, or save the state dict of that network alone" in line


@pytest.mark.parametrize("data", [b"no checkpoint", b"some text", b"hello, this is text"])
def test_a_damaged_checkpoint_is_an_error_whatever_unpickling_makes_of_it(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FINAL).write_bytes(data)
    with pytest.raises(InputError, match=r"final.pt is damaged; remove .* and train again"):
        RunFolder(tmp_path).load(FINAL)


def test_a_missing_file_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="is no file"):
        create_backbone("test_efficientnet", str(tmp_path / "none.pth"), 64)


@pytest.mark.shared
def test_the_shared_weights_fit_and_say_their_licence(shared: Path) -> None:
    path = shared / "weights/timm_mobilenetv2_100_features.safetensors"
    backbone = create_backbone("mobilenetv2_100", str(path), 224)
    assert backbone.features == 1280
    assert backbone.weights.licence == "Apache-2.0"


@pytest.mark.parametrize("pooling", ["average", "stages"])
def test_weights_come_from_a_finished_run(tmp_path: Path, pooling: str, quiet: Reporter) -> None:
    drawn, settings = draw_catalogue(), make_settings(1, recipe={"pooling": pooling, "average": 1.0})
    train(drawn.rows, drawn.read, "drawn", tmp_path / "run", settings, quiet)
    final = RunFolder(tmp_path / "run").load(FINAL)["network"]
    loaded = create_backbone("test_efficientnet", str(tmp_path / "run"), 64)
    prefix = "backbone.network." if pooling == "stages" else "backbone."
    state = loaded.module.state_dict()
    assert state
    assert all(torch.equal(value, final[prefix + name]) for name, value in state.items())
    assert (loaded.weights.source, len(loaded.weights.sha256 or "")) == (f"run/{FINAL}", 64)


def test_a_projection_is_fitted_anew_on_another_catalogue_with_the_network_of_a_run(
    made: Made, tmp_path: Path, quiet: Reporter
) -> None:
    drawn = draw_catalogue(labelled=False)
    settings = make_settings(0, weights=str(made.run), recipe={"pooling": "average"})
    train(drawn.rows, drawn.read, "other", tmp_path / "run", settings, quiet)
    before, after = (RunFolder(run).load(FINAL)["network"] for run in (made.run, tmp_path / "run"))
    assert torch.equal(before["backbone.conv_stem.weight"], after["backbone.conv_stem.weight"])
    assert not torch.equal(before["embedding.weight"], after["embedding.weight"])


def test_a_run_of_another_backbone_is_an_error_that_names_it(made: Made) -> None:
    with pytest.raises(InputError, match="are a run of test_efficientnet, not of test_resnet; add --backbone"):
        create_backbone("test_resnet", str(made.run), 64)


def test_a_run_that_is_not_finished_is_an_error(made: Made, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((made.run / "config.json").read_bytes())
    with pytest.raises(InputError, match=r"final.pt is missing"):
        create_backbone("test_efficientnet", str(tmp_path), 64)


def test_a_folder_that_is_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no run"):
        create_backbone("test_efficientnet", str(tmp_path), 64)
