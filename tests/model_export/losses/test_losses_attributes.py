import numpy as np
import pytest
import torch

from model_export.losses.attributes import attribute_loss


def plain(logits: torch.Tensor, present: torch.Tensor) -> float:
    rows = []
    for scores, own in zip(logits.double().numpy(), present.numpy(), strict=True):
        if own.any():
            log_p = scores - np.log(np.exp(scores).sum())
            rows.append(-sum(log_p[a] for a in np.flatnonzero(own)) / own.sum())
    return float(np.mean(rows))


@pytest.mark.parametrize("size", [1, 3])
def test_it_equals_the_plain_loop(size: float) -> None:
    generator = torch.Generator().manual_seed(2)
    logits = size * torch.randn(9, 12, generator=generator)
    present = torch.rand(9, 12, generator=generator) < 0.2
    present[4] = False
    assert float(attribute_loss(logits, present)) == pytest.approx(plain(logits, present), rel=1e-5)


def test_a_row_without_an_attribute_contributes_nothing() -> None:
    logits = torch.randn(3, 5, generator=torch.Generator().manual_seed(1), requires_grad=True)
    present = torch.zeros(3, 5, dtype=torch.bool)
    present[0, 1] = present[2, 3] = True
    attribute_loss(logits, present).backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad[1], torch.zeros(5))
    assert bool(logits.grad[0].any()) and bool(logits.grad[2].any())


@pytest.mark.parametrize("rows", [0, 3])
def test_no_attribute_at_all_is_0_with_gradient_0(rows: int) -> None:
    logits = torch.randn(rows, 5, requires_grad=True)
    value = attribute_loss(logits, torch.zeros(rows, 5, dtype=torch.bool))
    value.backward()
    assert float(value.detach()) == 0
    assert torch.equal(logits.grad, torch.zeros(rows, 5))


def test_gradients_are_finite_for_extreme_logits() -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0]], requires_grad=True)
    attribute_loss(logits, torch.tensor([[False, True, True]])).backward()
    assert logits.grad is not None and torch.isfinite(logits.grad).all()
