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


def trained(settings: Settings, quiet: Reporter, labelled: bool = True) -> tuple[dict[str, float], Network]:
    """One epoch on the drawn catalogue from the same start, or one that is told no categories: its terms, and the
    network.
    """
    torch.manual_seed(0)
    drawn = draw_catalogue()
    rows = [row for row in drawn.rows if row.split in (None, "train")]
    taxonomy = Taxonomy.from_paths(row.category for row in rows)
    network = Network(create_backbone("test_efficientnet", "none", 64), settings.bits, len(taxonomy.classes))
    photos = TrainingPhotos(rows, drawn.read, settings.preprocessing, settings.train_size)
    objective = Objective(rows, taxonomy if labelled else Taxonomy(), settings.bits, settings.recipe, settings.seed)
    trainer = Trainer(network, objective, photos, settings)
    return trainer.epoch(0, quiet), network


def test_steps_in_bfloat16_come_near_those_in_float32_and_leave_float32_weights(quiet: Reporter) -> None:
    full, _ = trained(make_settings(1), quiet)
    half, network = trained(make_settings(1, precision="bfloat16"), quiet)
    assert half["loss"] != full["loss"]
    assert half["loss"] == pytest.approx(full["loss"], rel=0.05)
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_without_weight_on_categories_the_classifier_learns_them_and_nothing_else_changes(quiet: Reporter) -> None:
    settings = make_settings(1, recipe={"hierarchy": 0.0, "target_code": 0.0, "clip": 0.01})
    terms, watching = trained(settings, quiet)
    _, blind = trained(settings, quiet, labelled=False)
    assert watching.classifier is not None
    assert watching.classifier.bias.count_nonzero() > 0
    assert terms["loss"] == pytest.approx(terms["instance"] + 0.1 * terms["balance"])
    for (name, own), other in zip(watching.state_dict().items(), blind.state_dict().values(), strict=True):
        assert torch.equal(own, other) != name.startswith("classifier."), name
