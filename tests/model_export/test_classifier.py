import numpy as np
import torch

from engine.catalogue.row import Row
from engine.taxonomy import Path3, Taxonomy
from model_export.backbone import create_backbone
from model_export.classifier import ENOUGH, fit_temperature, refit_classifier
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


def modest(share_right: float) -> tuple[Network, np.ndarray, list[Row]]:
    """A network whose likeliest class is right for a share of the photos, and that gives each of them about .42."""
    own = network(classes=3)
    assert own.classifier is not None
    with torch.no_grad():
        own.classifier.weight.zero_()
        own.classifier.bias.zero_()
        own.classifier.weight[torch.arange(3), torch.arange(3)] = 1.0
    rows = [make_row(i, None, TAXONOMY.classes[i % 3]) for i in range(300)]
    shown = [i % 3 if i < 300 * share_right else (i + 1) % 3 for i in range(300)]
    features = np.zeros((300, own.classifier.in_features), dtype=np.float32)
    features[np.arange(300), shown] = 0.4
    return own, features, rows


def probabilities(own: Network, features: np.ndarray) -> np.ndarray:
    assert own.classifier is not None
    with torch.no_grad():
        return own.classifier(torch.from_numpy(features)).softmax(dim=1).numpy()


def test_a_temperature_makes_the_classifier_as_sure_as_it_is_right_and_leaves_the_order() -> None:
    own, features, rows = modest(share_right=0.9)
    before = probabilities(own, features)
    assert before.max(axis=1).mean() < 0.45
    found = fit_temperature(own, features, rows, TAXONOMY)
    after = probabilities(own, features)
    assert found < 1
    assert abs(after.max(axis=1).mean() - 0.9) < 0.06
    assert (after.argmax(axis=1) == before.argmax(axis=1)).all()


def test_too_few_labelled_photos_fit_no_temperature() -> None:
    own, features, rows = modest(share_right=0.9)
    unknown = [make_row(i, None, ("m", "l", "plum") if i % 2 else (None, None, None)) for i in range(300)]
    before = probabilities(own, features)
    few = ENOUGH - 1
    assert fit_temperature(own, features[:few], rows[:few], TAXONOMY) == 1
    assert fit_temperature(own, features, [make_row(i) for i in range(300)], TAXONOMY) == 1
    assert fit_temperature(network(classes=0), features, unknown, Taxonomy()) == 1
    assert (probabilities(own, features) == before).all()
