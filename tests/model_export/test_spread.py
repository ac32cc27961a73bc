from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.model import read_card
from model_export.backbone import create_backbone
from model_export.encode import Encoder
from model_export.export import export
from model_export.network import Network
from model_export.progress import Reporter
from model_export.recipe import Recipe
from model_export.settings import Settings
from model_export.spread import of_products, whitening
from model_export.train import train
from tests.model_export.drawn import Drawn, draw_catalogue, make_settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Fine-tuning of weights from a file, pooled by stages and whitened."""
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    torch.manual_seed(0)
    save_file(create_backbone("test_efficientnet", "none", 64).module.state_dict(), path)
    return make_settings(1, weights=str(path), projection="whiten")


def encoder(catalogue: Drawn, settings: Settings) -> Encoder:
    return Encoder(catalogue.read, settings.preprocessing, settings.device, 1, Reporter(quiet=True))


def network(settings: Settings) -> Network:
    torch.manual_seed(1)
    return Network(create_backbone("test_efficientnet", settings.weights, 64, "stages"), bits=64, classes=0)


def test_stages_are_brought_to_the_size_of_the_last(settings: Settings) -> None:
    catalogue, own = draw_catalogue(), network(settings)
    before = encoder(catalogue, settings).features(own, catalogue.rows)
    own.even_out(torch.from_numpy(before))
    after = torch.from_numpy(encoder(catalogue, settings).features(own, catalogue.rows))
    spreads = [float(block.var(dim=0).sum()) for block in after.split([256, 32, 48], dim=1)]
    assert spreads == pytest.approx([spreads[0]] * 3, rel=1e-3)
    assert torch.allclose(after[:, :256], torch.from_numpy(before[:, :256]))


def test_stages_are_evened_out_where_the_network_lies(settings: Settings) -> None:
    own = network(settings).to("meta")  # as a GPU does, it takes part in nothing that lies elsewhere
    own.even_out(torch.ones(4, 336))
    assert own.scale.device.type == "meta"


def test_a_stage_that_does_not_vary_keeps_its_scale(settings: Settings) -> None:
    own = network(settings)
    features = torch.rand(8, 336, generator=torch.Generator().manual_seed(3))
    features[:, 256:288] = 1.0
    own.even_out(features)
    assert torch.equal(own.scale[:288], torch.ones(288))
    assert not torch.equal(own.scale[288:], torch.ones(48))


def test_evening_out_again_changes_nothing(settings: Settings) -> None:
    catalogue, own = draw_catalogue(), network(settings)
    for _ in range(2):
        features = encoder(catalogue, settings).features(own, catalogue.rows)
        scale = own.scale.clone()
        own.even_out(torch.from_numpy(features))
    assert torch.allclose(scale, own.scale, rtol=1e-4)


def test_encoding_in_bfloat16_comes_near_float32(settings: Settings) -> None:
    catalogue, own = draw_catalogue(), network(settings)
    full = encoder(catalogue, settings).features(own, catalogue.rows)
    half = replace(encoder(catalogue, settings), precision="bfloat16").features(own, catalogue.rows)
    assert half.dtype == full.dtype == np.float32
    assert 0 < np.abs(half - full).max() < 0.02 * np.abs(full).max()


def test_views_of_one_photo_differ_and_follow_from_the_seed(settings: Settings) -> None:
    catalogue, own = draw_catalogue(), network(settings)
    views = [encoder(catalogue, settings).views(own, catalogue.rows[:4], 3, Recipe(), seed) for seed in (0, 0, 1)]
    assert views[0].shape == (4, 3, 336)
    assert np.array_equal(views[0], views[1])
    assert not np.array_equal(views[0], views[2])
    assert views[0].std(axis=1).max() > 0


def test_a_catalogue_of_single_photos_is_whitened_by_their_views(settings: Settings) -> None:
    catalogue, own = draw_catalogue(labelled=False), network(settings)
    features = encoder(catalogue, settings).features(own, catalogue.rows)
    assert of_products(catalogue.rows, features) is None
    first = whitening(own, encoder(catalogue, settings), catalogue.rows, features, Recipe(), 0)
    assert first.shape == (336, 336)
    assert np.ptp(np.linalg.eigvalsh(first)) > 0.1


def test_a_whitened_model_of_all_stages_is_trained_and_exported(
    tmp_path: Path, settings: Settings, quiet: Reporter
) -> None:
    catalogue = draw_catalogue()
    train(catalogue.rows, catalogue.read, "drawn", tmp_path / "run", settings, quiet)
    done = export(tmp_path / "run", tmp_path / "model")
    card = read_card(tmp_path / "model")
    assert card.features == 336
    assert done.parity.differing_bits == 0
    assert (card.training.recipe["projection"], card.training.recipe["pooling"]) == ("whiten", "auto")
