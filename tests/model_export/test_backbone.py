from pathlib import Path

import huggingface_hub.constants
import pytest
import torch

from engine.errors import InputError, UnavailableError
from model_export.backbone import (
    create_backbone,
    freeze_statistics,
    has_batch_statistics,
    has_fixed_size,
    share_statistics,
)


def test_an_unknown_name_is_an_error_with_close_ones() -> None:
    with pytest.raises(InputError, match=r"'mobilenetv2_10' is unknown; did you mean .*mobilenetv2_100"):
        create_backbone("mobilenetv2_10", "none", 96)


def test_the_number_of_features_is_what_the_network_gives() -> None:
    backbone = create_backbone("mobilenetv3_small_050", "none", 64)
    backbone.module.eval()
    assert backbone.module(torch.zeros(1, 3, 64, 64)).shape == (1, backbone.features)
    assert backbone.weights.source == "none"


def test_a_transformer_is_made_for_the_size_that_is_searched() -> None:
    assert has_fixed_size("test_vit")
    assert not has_fixed_size("mobilenetv2_100")
    assert create_backbone("test_vit", "none", 96).features == 64


def test_a_hub_that_cannot_be_reached_is_one_line_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UnavailableError, match="--weights PATH") as error:
        create_backbone("test_resnet", "hub", 96)
    assert "\n" not in str(error.value)
    assert "offline mode is enabled" in str(error.value)
    assert "Error" not in str(error.value)


def test_frozen_statistics_leave_a_photo_alone_with_what_its_batch_holds() -> None:
    module = create_backbone("test_efficientnet", "none", 64).module
    photos = torch.rand(4, 3, 64, 64)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module.train()
    freeze_statistics(module)
    assert torch.allclose(module(photos)[:2], module(photos[:2]), atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_shared_statistics_change_neither_the_names_of_a_network_nor_what_it_gives() -> None:
    module = create_backbone("test_efficientnet", "none", 64).module.eval()
    state, given = module.state_dict(), module(torch.ones(1, 3, 64, 64))
    shared = share_statistics(module)
    assert shared.state_dict().keys() == state.keys()
    assert torch.equal(shared.eval()(torch.ones(1, 3, 64, 64)), given)
    assert sum(isinstance(own, torch.nn.SyncBatchNorm) for own in shared.modules()) > 0


def test_transformers_have_no_batch_statistics() -> None:
    assert has_batch_statistics(create_backbone("test_efficientnet", "none", 64).module)
    assert not has_batch_statistics(create_backbone("test_vit", "none", 64).module)
