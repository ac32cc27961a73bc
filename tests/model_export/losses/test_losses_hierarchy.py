import math

import pytest
import torch

from engine.taxonomy import LEVELS, NO_PATH, Path3, Taxonomy, is_under
from model_export.losses.hierarchy import HierarchyLoss

PATHS: list[Path3] = [
    ("Food", "Fruit", "Kiwi"),
    ("Food", "Fruit", "Mango"),
    ("Food", "Bread", None),
    ("Shoes", "Boots", "Chelsea"),
    ("Food", "Fruit", None),
    ("Food", None, None),
    (None, "Fruit", None),
    NO_PATH,
]


def naive(logits: torch.Tensor, taxonomy: Taxonomy, paths: list[Path3], smoothing: float) -> float:
    """One (row, level) pair after the other, with plain probabilities."""
    losses = []
    for row, path in zip(logits.tolist(), paths, strict=True):
        total = sum(math.exp(value) for value in row)
        p = [math.exp(value) / total for value in row]
        for level in range(len(LEVELS)):
            if path[level] is None:
                continue
            cut = (*path[: level + 1], *NO_PATH[level + 1 :])
            own = sum(p[i] for i, name in enumerate(taxonomy.classes) if is_under(name, cut))
            spread = sum(math.log(value) for value in p) / len(p)
            losses.append(-(1 - smoothing) * math.log(own) - smoothing * spread)
    return sum(losses) / len(losses)


@pytest.fixture
def taxonomy() -> Taxonomy:
    return Taxonomy.from_paths(PATHS)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_it_equals_the_plain_loop_over_rows_and_levels(taxonomy: Taxonomy, smoothing: float) -> None:
    loss = HierarchyLoss(taxonomy, PATHS, smoothing)
    logits = torch.randn(len(PATHS), len(taxonomy.classes), generator=torch.Generator().manual_seed(0))
    value = loss(logits, loss.labels(PATHS))
    assert float(value) == pytest.approx(naive(logits, taxonomy, PATHS, smoothing), rel=1e-5)


def test_a_row_labelled_only_at_a_parent_trains_the_sum_and_leaves_its_classes_open(taxonomy: Taxonomy) -> None:
    loss = HierarchyLoss(taxonomy, PATHS)
    logits = torch.zeros(1, len(taxonomy.classes), requires_grad=True)
    loss(logits, loss.labels([("Food", "Fruit", None)])).backward()
    assert logits.grad is not None
    push = {name[2]: float(g) for name, g in zip(taxonomy.classes, logits.grad[0], strict=True)}
    assert push["Kiwi"] == pytest.approx(push["Mango"])
    assert push["Kiwi"] < 0 < push["Chelsea"]


def test_rows_without_a_label_contribute_nothing(taxonomy: Taxonomy) -> None:
    loss = HierarchyLoss(taxonomy, PATHS, 0.1)
    logits = torch.randn(3, len(taxonomy.classes))
    paths: list[Path3] = [("Food", "Fruit", "Kiwi"), NO_PATH, ("Toys", "Unheard", "Of")]
    assert float(loss(logits, loss.labels(paths))) == pytest.approx(float(loss(logits[:1], loss.labels(paths[:1]))))


def test_a_batch_without_any_label_is_0_with_gradient_0(taxonomy: Taxonomy) -> None:
    loss = HierarchyLoss(taxonomy, PATHS)
    logits = torch.randn(2, len(taxonomy.classes), requires_grad=True)
    value = loss(logits, loss.labels([NO_PATH, NO_PATH]))
    value.backward()
    assert float(value.detach()) == 0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_gradients_stay_finite_where_a_probability_underflows(taxonomy: Taxonomy) -> None:
    loss = HierarchyLoss(taxonomy, PATHS, 0.1)
    logits = torch.full((len(PATHS), len(taxonomy.classes)), -300.0)
    logits[:, 0] = 300.0
    logits.requires_grad_()
    value = loss(logits, loss.labels(PATHS))
    value.backward()
    assert torch.isfinite(value)
    assert logits.grad is not None and torch.isfinite(logits.grad).all()


def test_a_name_that_stands_at_two_levels_is_two_targets() -> None:
    paths: list[Path3] = [("Fruit", "Kiwi", "Kiwi"), ("Fruit", "Kiwi", "Gold"), ("Fruit", "Mango", "Mango")]
    loss = HierarchyLoss(Taxonomy.from_paths(paths), paths)
    labels = loss.labels(paths)[0]
    assert loss.members[labels].sum(dim=1).tolist() == [3, 2, 1]
