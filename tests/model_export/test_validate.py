import numpy as np
import pytest

from model_export.validate import recall
from tests.model_export.drawn import make_row


def naive(embeddings: np.ndarray, codes: np.ndarray, queries: list[str], gallery: list[str], top: int) -> float:
    hits = answerable = 0
    for embedding, own in zip(embeddings, queries, strict=True):
        if own not in gallery:
            continue
        answerable += 1
        scores = [sum(float(a) * float(b) for a, b in zip(embedding, code, strict=True)) for code in codes]
        best = sorted(range(len(gallery)), key=lambda i: (-scores[i], i))[:top]
        hits += any(gallery[i] == own for i in best)
    return hits / answerable


def test_recall_equals_the_plain_loop_over_answerable_queries() -> None:
    rng = np.random.default_rng(0)
    queries = [f"p{rng.integers(12)}" for _ in range(40)]
    gallery = [f"p{rng.integers(10)}" for _ in range(30)]
    embeddings = rng.standard_normal((40, 24)).astype(np.float32)
    codes = np.sign(rng.standard_normal((30, 24))).astype(np.float32)
    figures = recall(
        embeddings,
        codes,
        [make_row(i, p) for i, p in enumerate(queries)],
        [make_row(i, p) for i, p in enumerate(gallery)],
    )
    assert figures["val_recall_at_1"] == pytest.approx(naive(embeddings, codes, queries, gallery, 1))
    assert figures["val_recall_at_10"] == pytest.approx(naive(embeddings, codes, queries, gallery, 10))


def test_queries_without_any_answer_give_no_figures() -> None:
    nothing = np.zeros((1, 8), dtype=np.float32)
    assert recall(nothing, nothing, [make_row(1, "a")], [make_row(2, "b")]) == {}
