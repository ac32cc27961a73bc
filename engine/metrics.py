"""Retrieval metrics over one query's ranked list, and their means over queries.

`relevant` is a bool [n]: whether the answer at each rank is right; `total` is how many right answers there are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Relevant = npt.NDArray[np.bool_]


def hit(relevant: Relevant, k: int) -> float:
    """Recall@k as image retrieval uses it: 1 if a right answer is among the first k, else 0."""
    return float(relevant[:k].any())


def share(relevant: Relevant, total: int, k: int, capped: bool = False) -> float:
    """Right answers among the first k ÷ all right answers (÷ min(k, all) when capped), of one query.

    Its mean over queries is MAR@k of the eProduct challenge (Yuan et al. 2021), which leaves the cap open.
    """
    return float(relevant[:k].sum()) / (min(total, k) if capped else total)


def average_precision(relevant: Relevant, total: int) -> float:
    """Mean of the precision at each right answer, those beyond the list counting 0."""
    ranks = np.flatnonzero(relevant) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).sum()) / total


def reciprocal_rank(relevant: Relevant) -> float:
    """1 ÷ the rank of the first right answer, 0 without one."""
    ranks = np.flatnonzero(relevant)
    return 1.0 / (int(ranks[0]) + 1) if len(ranks) else 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """One query's list: which ranks are right, and how many right answers exist (at least 1)."""

    relevant: Relevant
    total: int


Metric = Callable[[Judged], float]


def photo_metrics(queries: Sequence[Judged]) -> dict[str, float]:
    """Means over queries whose lists are photos; a right answer is a photo of the query's product."""
    return _means(
        queries,
        {
            "recall@1": lambda q: hit(q.relevant, 1),
            "recall@5": lambda q: hit(q.relevant, 5),
            "recall@10": lambda q: hit(q.relevant, 10),
            "mar@10": lambda q: share(q.relevant, q.total, 10),
            "mar@10_capped": lambda q: share(q.relevant, q.total, 10, capped=True),
            "map": lambda q: average_precision(q.relevant, q.total),
        },
    )


def product_metrics(queries: Sequence[Judged]) -> dict[str, float]:
    """Means over queries whose lists are products; a right answer is the query's product."""
    return _means(
        queries,
        {
            "recall@1": lambda q: hit(q.relevant, 1),
            "recall@5": lambda q: hit(q.relevant, 5),
            "recall@10": lambda q: hit(q.relevant, 10),
            "mrr": lambda q: reciprocal_rank(q.relevant),
        },
    )


def _means(queries: Sequence[Judged], metrics: Mapping[str, Metric]) -> dict[str, float]:
    if not queries:
        return {}
    return {name: float(np.mean([metric(query) for query in queries])) for name, metric in metrics.items()}
