"""How well the network would search if it were exported now."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.catalogue.row import Row
from model_export.encode import Encoder
from model_export.finish import Finish
from model_export.network import Network
from model_export.projection import Floats
from model_export.splits import Split, relevant
from model_export.spread import of_products


def validate(network: Network, finish: Finish, split: Split, encoder: Encoder) -> dict[str, float]:
    """`val_recall_at_1` and `val_recall_at_10` of the split's queries in its gallery, by bits with rescoring.

    Changes the embedding of `network` if `finish` refits it. Empty without queries that have an answer.
    """
    if not split.queries:
        return {}
    gallery = encoder.features(network, split.gallery)
    queries = encoder.features(network, split.queries)
    first = of_products(split.gallery, gallery) if finish.whitens else None
    head = finish.head(network, gallery, first)
    shelf = head.apply(gallery)
    thresholds = shelf.mean(axis=0)
    codes = np.where(shelf > thresholds, np.float32(1), np.float32(-1))
    return recall(head.apply(queries) - thresholds, codes, split.queries, split.gallery)


def recall(embeddings: Floats, codes: Floats, queries: Sequence[Row], gallery: Sequence[Row]) -> dict[str, float]:
    """Share of the answerable queries whose first, and one of whose first ten, photos are relevant.

    embeddings: float32 [queries, bits], centred; codes: ±1, float32 [gallery, bits].
    """
    answers: npt.NDArray[np.bool_] = relevant(queries, gallery)
    answerable = answers.any(axis=1)
    if not answerable.any():
        return {}
    order = np.argsort(-(embeddings[answerable] @ codes.T), axis=1, kind="stable")[:, :10]
    hits = np.take_along_axis(answers[answerable], order, axis=1)
    return {"val_recall_at_1": float(hits[:, 0].mean()), "val_recall_at_10": float(hits.any(axis=1).mean())}
