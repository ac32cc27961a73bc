import numpy as np
import pytest
import torch

from model_export.backbone import create_backbone
from model_export.finish import Finish, averaged
from model_export.network import Network
from model_export.recipe import Recipe


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    return Network(create_backbone("test_efficientnet", "none", 64), bits=16, classes=3)


def states() -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    initial = {
        "backbone.w": torch.tensor([1.0, 2.0]),
        "backbone.bn.running_var": torch.tensor([4.0]),
        "backbone.bn.num_batches_tracked": torch.tensor(0),
        "embedding.weight": torch.tensor([0.0]),
    }
    trained = {
        "backbone.w": torch.tensor([3.0, 6.0]),
        "backbone.bn.running_var": torch.tensor([8.0]),
        "backbone.bn.num_batches_tracked": torch.tensor(9),
        "embedding.weight": torch.tensor([5.0]),
    }
    return initial, trained


def test_the_backbone_is_averaged_and_the_heads_are_not() -> None:
    state = averaged(*states(), alpha=0.25)
    assert state["backbone.w"].tolist() == [1.5, 3.0]
    assert state["backbone.bn.running_var"].tolist() == [5.0]
    assert int(state["backbone.bn.num_batches_tracked"]) == 9
    assert state["embedding.weight"].tolist() == [5.0]


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_the_ends_are_the_pretrained_and_the_trained_backbone(alpha: float) -> None:
    initial, trained = states()
    assert torch.equal(averaged(initial, trained, alpha)["backbone.w"], (trained if alpha else initial)["backbone.w"])


def test_without_training_the_projection_is_fitted_on_the_pretrained_backbone() -> None:
    finish = Finish.of(Recipe.for_weights("none", {"epochs": 0}), "pca", 16, 0)
    assert finish.refit
    assert finish.average == 0


def test_refitting_sets_the_embedding_that_it_returns(network: Network) -> None:
    features = np.random.default_rng(0).standard_normal((50, 256)).astype(np.float32)
    head = Finish(1.0, True, "pca", 16, 0).head(network, features)
    own = network.embedding(torch.from_numpy(features)).detach().numpy()
    assert np.allclose(own, head.apply(features), atol=1e-5)
    assert np.abs(own.mean(axis=0)).max() < 1e-4


def test_a_trained_head_stays_as_it_is(network: Network) -> None:
    before = network.embedding.weight.detach().clone()
    features = np.ones((2, 256), dtype=np.float32)
    head = Finish(1.0, False, "pca", 16, 0).head(network, features)
    assert torch.equal(before, network.embedding.weight)
    own = network.embedding(torch.from_numpy(features)).detach().numpy()
    assert np.allclose(own, head.apply(features), atol=1e-5)
