import math

import pytest
import torch

from model_export.losses.instance import instance_loss


def naive(embeddings: torch.Tensor, products: list[int], temperature: float) -> float:
    z = [[x / math.sqrt(sum(v * v for v in row)) for x in row] for row in embeddings.tolist()]
    losses = []
    for i, own in enumerate(products):
        positives = [p for p, other in enumerate(products) if other == own and p != i]
        if not positives:
            continue
        similar = {j: math.exp(sum(a * b for a, b in zip(z[i], z[j], strict=True)) / temperature)
                   for j in range(len(z)) if j != i}  # fmt: skip
        total = sum(similar.values())
        losses.append(-sum(math.log(similar[p] / total) for p in positives) / len(positives))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_it_equals_the_plain_double_loop(temperature: float) -> None:
    embeddings = torch.randn(9, 12, generator=torch.Generator().manual_seed(2))
    products = [0, 0, 1, 2, 2, 2, 3, 1, 4]
    value = instance_loss(embeddings, torch.tensor(products), temperature)
    assert float(value) == pytest.approx(naive(embeddings, products, temperature), rel=1e-5)


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_no_positive_is_0_with_gradient_0(rows: int) -> None:
    embeddings = torch.randn(rows, 12, requires_grad=True)
    value = instance_loss(embeddings, torch.arange(rows))
    value.backward()
    assert float(value.detach()) == 0
    assert torch.equal(embeddings.grad, torch.zeros(rows, 12))


def test_gradients_are_finite_for_equal_photos_and_zero_embeddings() -> None:
    embeddings = torch.zeros(4, 12)
    embeddings[:2] = 1.0
    embeddings.requires_grad_()
    instance_loss(embeddings, torch.tensor([0, 0, 1, 1]), 0.01).backward()
    assert embeddings.grad is not None and torch.isfinite(embeddings.grad).all()


def test_photos_of_one_product_side_by_side_cost_less_than_apart() -> None:
    near, far = torch.eye(4)[[0, 0, 1, 1]], torch.eye(4)[[0, 1, 0, 1]]
    products = torch.tensor([0, 0, 1, 1])
    assert float(instance_loss(near, products)) < float(instance_loss(far, products))


def test_rows_of_the_bank_are_positives_and_negatives_but_no_anchors() -> None:
    drawn = torch.randn(7, 12, generator=torch.Generator().manual_seed(4))
    products = torch.tensor([0, 1, 2, 0, 3, 0, 4])
    value = instance_loss(drawn[:3], products[:3], 0.3, drawn[3:], products[3:])
    z = torch.nn.functional.normalize(drawn, dim=1)
    # the only anchor with a positive is row 0: its positives are rows 3 and 5 of the bank
    similar = (z[0] @ z.T / 0.3).tolist()
    total = sum(math.exp(s) for s in similar[1:])
    expected = -sum(math.log(math.exp(similar[p]) / total) for p in (3, 5)) / 2
    assert float(value) == pytest.approx(expected, rel=1e-5)
