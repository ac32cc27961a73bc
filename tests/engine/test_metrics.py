import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.metrics import Judged, average_precision, hit, photo_metrics, product_metrics, reciprocal_rank, share


def judged(*relevant: int, total: int | None = None) -> Judged:
    return Judged(np.array(relevant, dtype=bool), total or max(1, sum(relevant)))


def test_the_textbook_example_of_average_precision() -> None:
    # right answers at ranks 1, 3 and 6 of three (Manning et al. 2008, ch. 8): (1/1 + 2/3 + 3/6) / 3
    query = judged(1, 0, 1, 0, 0, 1)
    assert average_precision(query.relevant, 3) == pytest.approx((1 + 2 / 3 + 3 / 6) / 3)


def test_right_answers_beyond_the_list_count_as_missed() -> None:
    assert average_precision(np.array([True]), 4) == 0.25
    assert share(np.array([True]), 4, 10) == 0.25


def test_the_cap_is_the_most_that_ten_answers_can_hold() -> None:
    ten = np.ones(10, dtype=bool)
    assert share(ten, 40, 10) == 0.25
    assert share(ten, 40, 10, capped=True) == 1.0


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 5), st.integers(1, 12))
def test_metrics_agree_with_the_plain_loop(relevant: list[bool], more: int, k: int) -> None:
    array, total = np.array(relevant), max(1, sum(relevant) + more)
    first = next((rank for rank, right in enumerate(relevant, 1) if right), None)
    assert hit(array, k) == (1.0 if first is not None and first <= k else 0.0)
    assert reciprocal_rank(array) == (1 / first if first else 0.0)
    seen, precision = 0, 0.0
    for rank, right in enumerate(relevant, 1):
        if right:
            seen += 1
            precision += seen / rank
    assert average_precision(array, total) == pytest.approx(precision / total)
    assert share(array, total, k) == pytest.approx(sum(relevant[:k]) / total)


def test_means_are_over_queries() -> None:
    queries = [judged(1, 0), judged(0, 1), judged(0, 0, total=2)]
    assert photo_metrics(queries)["recall@1"] == pytest.approx(1 / 3)
    assert product_metrics(queries) == pytest.approx(
        {"recall@1": 1 / 3, "recall@5": 2 / 3, "recall@10": 2 / 3, "mrr": (1 + 0.5) / 3}
    )
    assert photo_metrics([]) == {}
