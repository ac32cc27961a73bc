"""How a step is computed: in bfloat16, compiled."""

import pytest
import torch

from engine.taxonomy import Taxonomy
from model_export.backbone import create_backbone
from model_export.data import TrainingPhotos
from model_export.network import Network
from model_export.objective import Objective
from model_export.progress import Reporter
from model_export.settings import Settings
from model_export.trainer import Trainer
from tests.model_export.drawn import draw_catalogue, make_settings


def trained(settings: Settings, quiet: Reporter) -> tuple[dict[str, float], Network]:
    """One epoch on the drawn catalogue from the same start: its terms, and the network."""
    torch.manual_seed(0)
    drawn = draw_catalogue()
    rows = [row for row in drawn.rows if row.split in (None, "train")]
    taxonomy = Taxonomy.from_paths(row.category for row in rows)
    network = Network(create_backbone("test_efficientnet", "none", 64), settings.bits, len(taxonomy.classes))
    photos = TrainingPhotos(rows, drawn.read, settings.preprocessing, settings.train_size)
    objective = Objective(rows, taxonomy, settings.bits, settings.recipe, settings.seed)
    trainer = Trainer(network, objective, photos, settings)
    return trainer.epoch(0, quiet), network


def test_steps_in_bfloat16_come_near_those_in_float32_and_leave_float32_weights(quiet: Reporter) -> None:
    full, _ = trained(make_settings(1), quiet)
    half, network = trained(make_settings(1, precision="bfloat16"), quiet)
    assert half["loss"] != full["loss"]
    assert half["loss"] == pytest.approx(full["loss"], rel=0.05)
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_a_classifier_that_no_term_uses_does_not_change(quiet: Reporter) -> None:
    _, network = trained(make_settings(1, recipe={"hierarchy": 0.0}), quiet)
    assert network.classifier is not None
    assert float(network.classifier.bias.abs().max()) == 0.0
    assert not network.classifier.weight.requires_grad
