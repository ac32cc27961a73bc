import math

import pytest
import torch

from model_export.losses.balance import balance_loss


def test_it_equals_the_plain_double_loop() -> None:
    embeddings = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
    expected = 0.0
    for bit in range(5):
        mean = sum(math.tanh(float(embeddings[row, bit])) for row in range(6)) / 6
        expected += mean * mean / 5
    assert float(balance_loss(embeddings)) == pytest.approx(expected, rel=1e-5)


def test_bits_that_split_the_photos_evenly_cost_nothing_and_constant_ones_1() -> None:
    assert float(balance_loss(torch.tensor([[50.0, -50.0], [-50.0, 50.0]]))) == pytest.approx(0, abs=1e-6)
    assert float(balance_loss(torch.full((3, 4), 50.0))) == pytest.approx(1)


def test_no_rows_cost_0_and_gradients_are_finite() -> None:
    none = torch.zeros(0, 4, requires_grad=True)
    balance_loss(none).backward()
    large = torch.full((2, 4), 1e30, requires_grad=True)
    balance_loss(large).backward()
    assert large.grad is not None and torch.isfinite(large.grad).all()
