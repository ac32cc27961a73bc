from itertools import pairwise

import pytest
import torch

from model_export.backbone import create_backbone
from model_export.network import Network
from model_export.optimisation import make_optimiser, set_rates
from model_export.recipe import Pooling, Recipe


@pytest.fixture
def network() -> Network:
    return Network(create_backbone("test_efficientnet", "none", 64), bits=16, classes=3)


def test_every_parameter_is_in_one_group_and_norms_and_biases_do_not_decay(network: Network) -> None:
    recipe = Recipe(lr_backbone=0.1, lr_heads=0.2, weight_decay=0.3)
    groups = {id(p): group for group in make_optimiser(network, recipe).param_groups for p in group["params"]}
    names = dict(network.named_parameters())
    assert groups.keys() == {id(p) for p in names.values()}
    for name, parameter in names.items():
        group = groups[id(parameter)]
        assert group["lr"] == (0.1 if name.startswith("backbone.") else 0.2)
        assert group["weight_decay"] == (0.3 if parameter.ndim > 1 else 0)


def test_rates_rise_to_the_peak_and_fall_along_a_cosine_to_nearly_0() -> None:
    optimiser = torch.optim.SGD([{"params": [torch.zeros(1)], "lr": 1.0, "peak": 4.0}])
    shares = [set_rates(optimiser, step, 100, warmup=0.1) for step in range(100)]
    assert shares[:3] == [0.1, 0.2, pytest.approx(0.3)]
    assert max(shares) == 1 == shares[9]
    assert shares[55] == pytest.approx(0.5, abs=0.01)
    assert 0 < shares[-1] < 0.001
    assert all(later <= earlier for earlier, later in pairwise(shares[9:]))
    assert optimiser.param_groups[0]["lr"] == 4 * shares[-1]


def test_without_warm_up_the_first_step_is_at_the_peak() -> None:
    optimiser = torch.optim.SGD([{"params": [torch.zeros(1)], "lr": 1.0, "peak": 4.0}])
    assert set_rates(optimiser, 0, 1, warmup=0) == 1


@pytest.mark.parametrize("pooling", ["average", "stages"])
def test_layers_further_from_the_head_learn_more_slowly_where_that_is_asked_for(pooling: Pooling) -> None:
    network = Network(create_backbone("test_efficientnet", "none", 64, pooling), bits=16, classes=3)
    groups = make_optimiser(network, Recipe(lr_backbone=0.1, lr_heads=0.2, layer_decay=0.5)).param_groups
    rates = {id(p): group["peak"] for group in groups for p in group["params"]}
    assert rates.keys() == {id(p) for p in network.parameters()}
    stem, last = (rates[id(own)] for own in (network.get_parameter(f"backbone.{name}") for name in ends(pooling)))
    assert last == pytest.approx(0.1)
    assert stem < 0.1 * 0.5**2
    assert rates[id(network.embedding.weight)] == 0.2


def ends(pooling: Pooling) -> tuple[str, str]:
    prefix = "network." if pooling == "stages" else ""
    return f"{prefix}conv_stem.weight", f"{prefix}conv_head.weight"
