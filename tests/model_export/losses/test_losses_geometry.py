import math

import pytest
import torch

from model_export.losses.geometry import geometry_loss


def naive(features: list[list[float]], teacher: list[list[float]]) -> float:
    def cosines(rows: list[list[float]]) -> list[list[float]]:
        means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        moved = [[value - mean for value, mean in zip(row, means, strict=True)] for row in rows]
        norms = [math.sqrt(sum(value * value for value in row)) for row in moved]
        return [
            [sum(x * y for x, y in zip(a, b, strict=True)) / m / n for b, n in zip(moved, norms, strict=True)]
            for a, m in zip(moved, norms, strict=True)
        ]

    own, given = cosines(features), cosines(teacher)
    gaps = [(own[i][j] - given[i][j]) ** 2 for i in range(len(own)) for j in range(len(own)) if i != j]
    return sum(gaps) / len(gaps)


def test_it_equals_the_plain_loop_over_pairs() -> None:
    generator = torch.Generator().manual_seed(0)
    features, teacher = torch.randn(6, 4, generator=generator), torch.randn(6, 9, generator=generator)
    expected = naive(features.tolist(), teacher.tolist())
    assert float(geometry_loss(features, teacher)) == pytest.approx(expected, rel=1e-4)


def test_a_turned_and_scaled_copy_has_the_same_geometry() -> None:
    x = torch.randn(8, 5, generator=torch.Generator().manual_seed(1))
    turn = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(2)))[0]
    assert float(geometry_loss(3 * x @ turn + 1, x)) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("rows", [0, 1])
def test_fewer_than_two_rows_are_0_with_a_gradient(rows: int) -> None:
    x = torch.ones(rows, 3, requires_grad=True)
    value = geometry_loss(x, torch.ones(rows, 4))
    value.backward()
    assert float(value.detach()) == 0
