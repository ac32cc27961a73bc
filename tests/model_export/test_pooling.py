import math

import pytest
import torch
from torch import Tensor

from engine.errors import InputError
from model_export.backbone import create_backbone
from model_export.pooling import SIGMA, StagePooling, centre_weights, earlier_stages


def naive_mean(one_map: Tensor) -> list[float]:
    """The weighted mean of a map [C, H, W], cell by cell."""
    channels, height, width = one_map.shape
    total, sums = 0.0, [0.0] * channels
    for i in range(height):
        for j in range(width):
            y, x = (2 * i + 1) / height - 1, (2 * j + 1) / width - 1
            weight = math.exp(-(x * x + y * y) / (2 * SIGMA * SIGMA))
            total += weight
            for c in range(channels):
                sums[c] += weight * float(one_map[c, i, j])
    return [value / total for value in sums]


def test_the_weights_are_even_about_the_middle_and_sum_to_one() -> None:
    weights = centre_weights(4, 7)
    assert float(weights.sum()) == pytest.approx(1)
    assert torch.allclose(weights, weights.flip(0))
    assert torch.allclose(weights, weights.flip(1))
    assert torch.argmax(weights.sum(dim=0)) == 3


def test_each_stage_is_the_mean_of_its_map_weighted_by_the_middle() -> None:
    backbone = create_backbone("test_efficientnet", "none", 64, "stages")
    pooling = backbone.module.eval()
    assert isinstance(pooling, StagePooling)
    photo = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        blocks = pooling(photo)[0].split(backbone.blocks)
        last, maps = pooling.network.forward_intermediates(photo)
    picked = [maps[i][0] for i in earlier_stages(pooling.network, 64)]
    assert [own.shape[1] for own in picked] == [8, 4]
    assert [len(one) for one in picked] == list(backbone.blocks[1:])
    for block, own in zip(blocks, [last[0], *picked], strict=True):
        assert block.tolist() == pytest.approx(naive_mean(own), abs=1e-4)


def test_the_head_of_a_network_still_comes_after_its_last_map() -> None:
    plain = create_backbone("mobilenetv3_small_050", "none", 64, "average")
    assert create_backbone("mobilenetv3_small_050", "none", 64, "stages").blocks == (plain.features, 16, 24)


@pytest.mark.parametrize("name", ["test_vit", "vgg11"])
def test_a_network_without_a_pyramid_of_maps_is_pooled_by_itself_or_refused(name: str) -> None:
    own = create_backbone(name, "none", 96, "auto")
    assert own.blocks == (create_backbone(name, "none", 96, "average").features,)
    with pytest.raises(InputError, match=f"{name} has no pyramid of maps to pool; use --set pooling=average"):
        create_backbone(name, "none", 96, "stages")


def test_looking_for_stages_leaves_the_network_as_it_was() -> None:
    network = create_backbone("test_efficientnet", "none", 64).module.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    earlier_stages(network, 64)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
