"""Where each dimension of the embedding is cut into a bit."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.codes import Floats
from engine.model import ModelCard
from index_builder.cache import Digests, PhotoCache, as_keys

ENOUGH_PHOTOS = 200
"""From so many on, the catalogue's own mean costs at most .002 of product recall@1 (where the model's thresholds are
right, and the photos are of a few kinds alone) and gives .01 to .02 where the model comes from elsewhere
(docs/recognition.md, "Few photos").
"""
_UNIT = 2.0**20


@dataclass(frozen=True, slots=True)
class Thresholds:
    """One value per bit, float32 [bits], and what it was fitted on."""

    values: Floats
    source: Literal["catalogue", "model"]


def fit_thresholds(cache: PhotoCache, digests: Digests, card: ModelCard) -> Thresholds:
    """The mean embedding of the catalogue's different photos; below ENOUGH_PHOTOS of them the model's own.

    The mean, not the median: rescoring compares with e − t as a direction, and the mean is what centres directions; it
    needs one pass and no memory; where a dimension is symmetric (a sum of many features) both are the same. Copies of
    one photo count once, else one "no picture" image on every tenth product would shift every bit.
    """
    photos = np.unique(as_keys(digests))
    if len(photos) < ENOUGH_PHOTOS:
        return Thresholds(np.array(card.thresholds, dtype=np.float32), "model")
    # Whole numbers add up exactly in any order, so the same photos give the same bits however the cache holds them.
    total = np.zeros(card.bits, dtype=np.int64)
    for _, values in cache.gather(photos.view(np.uint8).reshape(-1, 32), "embedding"):
        total += np.rint(values.astype(np.float64) * _UNIT).astype(np.int64).sum(axis=0)
    return Thresholds((total / _UNIT / len(photos)).astype(np.float32), "catalogue")
