import math

import pytest
import torch

from engine.taxonomy import Path3
from model_export.losses.target_code import TargetCodeLoss, target_codes

FLAT: list[Path3] = [(f"m{i}", None, None) for i in range(50)]


def naive(embeddings: torch.Tensor, classes: list[int], codes: torch.Tensor, margin: float, scale: float) -> float:
    losses = []
    for e, own in zip(embeddings.tolist(), classes, strict=True):
        if own < 0:
            continue
        values = []
        for j, code in enumerate(codes.tolist()):
            dot = sum(x * y for x, y in zip(e, code, strict=True))
            cosine = dot / math.sqrt(sum(x * x for x in e)) / math.sqrt(sum(y * y for y in code))
            values.append(math.exp(scale * (cosine - (margin if j == own else 0.0))))
        losses.append(-math.log(values[own] / sum(values)))
    return sum(losses) / len(losses)


def test_it_equals_the_plain_loop_over_rows_and_codes() -> None:
    codes = target_codes(FLAT[:5], 16, seed=3)
    embeddings = torch.randn(7, 16, generator=torch.Generator().manual_seed(1))
    classes = [0, 4, -1, 2, 2, -1, 1]
    value = TargetCodeLoss(codes, margin=0.2, scale=8.0)(embeddings, torch.tensor(classes))
    assert float(value) == pytest.approx(naive(embeddings, classes, codes, 0.2, 8.0), rel=1e-5)


def test_the_codes_are_fair_coins_and_follow_from_the_seed() -> None:
    codes = target_codes(FLAT, 512, seed=7)
    assert set(codes.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(codes, target_codes(FLAT, 512, seed=7))
    assert not torch.equal(codes, target_codes(FLAT, 512, seed=8))
    agreement = (codes @ codes.T / 512).fill_diagonal_(0).abs()
    assert float(agreement.max()) < 0.25


def test_no_row_with_a_class_is_0_with_gradient_0() -> None:
    embeddings = torch.randn(3, 16, requires_grad=True)
    value = TargetCodeLoss(target_codes(FLAT[:2], 16, 0))(embeddings, torch.tensor([-1, -1, -1]))
    value.backward()
    assert float(value.detach()) == 0
    assert torch.equal(embeddings.grad, torch.zeros(3, 16))


@pytest.mark.parametrize("size", [0.0, 1e-20, 1e20])
def test_gradients_are_finite_for_embeddings_of_any_length(size: float) -> None:
    embeddings = (torch.ones(2, 16) * size).requires_grad_()
    TargetCodeLoss(target_codes(FLAT[:2], 16, 0))(embeddings, torch.tensor([0, 1])).backward()
    assert embeddings.grad is not None and torch.isfinite(embeddings.grad).all()


def test_an_embedding_that_lies_on_its_code_costs_least() -> None:
    codes = target_codes(FLAT[:4], 32, 0)
    loss = TargetCodeLoss(codes)
    on, off = loss(codes, torch.arange(4)), loss(codes, torch.tensor([1, 2, 3, 0]))
    assert float(on) < float(off)


def test_siblings_share_more_of_their_codes_than_cousins_and_strangers_nothing() -> None:
    classes: list[Path3] = [("a", "b", "x"), ("a", "b", "y"), ("a", "c", "z"), ("d", "e", "w")]
    codes = target_codes(classes, 20_000, seed=1, kinship=0.7)
    assert set(codes.unique().tolist()) == {-1.0, 1.0}
    cosines = codes @ codes.T / 20_000
    assert float(cosines[0, 1]) == pytest.approx(0.7**2, abs=0.03)
    assert float(cosines[0, 2]) == pytest.approx(0.7**4, abs=0.03)
    assert float(cosines[0, 3]) == pytest.approx(0, abs=0.03)


def test_a_level_without_a_name_changes_nothing() -> None:
    short, long = target_codes([("a", None, None), ("a", None, "x")], 64, seed=1, kinship=1.0)
    assert torch.equal(short, long)
