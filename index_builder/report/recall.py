"""How often the right product is found: before and after the embedding is cut into bits, and as /search answers."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from engine.metrics import Judged, hit, photo_metrics, product_metrics
from index_builder.evaluate import Evaluation, Outcome
from index_builder.lists import PRODUCTS
from index_builder.report.missing import NO_QUERIES, Section, missing
from index_builder.wilson import share_interval


def recall(evaluation: Evaluation | None, source: str) -> Section:
    """Metrics and recall@k of products for each kind of search. `source` says where the queries came from.

    Where fewer queries were asked in float, for its time, the last kind is judged on those once more.
    """
    if evaluation is None or not len(evaluation.answerable):
        return missing(NO_QUERIES)
    rescored = evaluation.bits_rescored
    kinds = [_kind("bits", evaluation.bits), _kind("bits_rescored", rescored)]
    floats = evaluation.floats.get("embedding")
    if floats is not None:
        kinds = [_kind("float", floats), *kinds]
    few = evaluation.float_asked
    if floats is not None and len(few) < len(evaluation.answerable):
        part = Outcome([rescored.photo[i] for i in few], [rescored.product[i] for i in few])
        kinds.append(_kind("bits_rescored_same_queries", part))
    return {
        "source": source,
        "queries": evaluation.queries,
        "answerable": len(evaluation.answerable),
        "rows": evaluation.rows,
        "kinds": kinds,
        "no_float": None
        if floats is not None
        else "The search in float is not shown: no embeddings were kept (--keep-embeddings keeps them).",
    }


def _kind(name: str, outcome: Outcome) -> Section:
    hits = outcome.product_hits
    own = share_interval(int(hits.sum()), len(hits))
    return {
        "name": name,
        "queries": len(outcome.product),
        "photo": photo_metrics(outcome.photo),
        "product": product_metrics(outcome.product),
        "product_recall@1": asdict(own),
        "recall_at_k": _curve(outcome.product),
    }


def _curve(judged: Sequence[Judged]) -> list[float]:
    """Recall of products at 1 to PRODUCTS."""
    return [float(np.mean([hit(own.relevant, k) for own in judged])) for k in range(1, PRODUCTS + 1)]
