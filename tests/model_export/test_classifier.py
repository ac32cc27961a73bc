import numpy as np
import torch

from engine.taxonomy import Path3, Taxonomy
from model_export.backbone import create_backbone
from model_export.classifier import refit_classifier
from model_export.network import Network
from model_export.recipe import Recipe
from tests.model_export.drawn import make_row

LEAVES: list[Path3] = [("m", "l", "a"), ("m", "l", "b"), ("m", "k", "c")]
TAXONOMY = Taxonomy.from_paths(LEAVES)


def network(classes: int) -> Network:
    torch.manual_seed(0)
    return Network(create_backbone("test_efficientnet", "none", 64), bits=16, classes=classes)


def test_the_classifier_follows_features_that_have_moved() -> None:
    rng = np.random.default_rng(0)
    rows = [make_row(i, None, LEAVES[i % 3]) for i in range(60)]
    target = np.array([TAXONOMY.classes.index(row.category) for row in rows])
    features = rng.standard_normal((60, 256)).astype(np.float32)
    features[np.arange(60), target] += 8
    own = network(classes=3)
    before = {name: value.clone() for name, value in own.state_dict().items()}
    refit_classifier(own, features, rows, TAXONOMY, Recipe())
    assert own.classifier is not None
    with torch.no_grad():
        logits = own.classifier(torch.from_numpy(features)).numpy()
    assert (logits.argmax(axis=1) == target).all()
    changed = {name for name, value in own.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"classifier.weight", "classifier.bias"}


def test_rows_without_a_label_do_not_move_it() -> None:
    own = network(classes=3)
    assert own.classifier is not None
    before = own.classifier.weight.detach().clone()
    features = np.ones((2, 256), dtype=np.float32)
    refit_classifier(own, features, [make_row(1), make_row(2)], TAXONOMY, Recipe(weight_decay=0))
    assert torch.equal(own.classifier.weight, before)


def test_a_network_without_classes_has_nothing_to_fit() -> None:
    own = network(classes=0)
    refit_classifier(own, np.ones((2, 256), dtype=np.float32), [make_row(1), make_row(2)], Taxonomy(), Recipe())
    assert own.classifier is None
