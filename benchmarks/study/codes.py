"""Codes fitted on one model's features in one way or another, and how many first answers each gets right."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import faiss
import numpy as np
import numpy.typing as npt

from benchmarks.study.features import Mask, Photos
from engine.codes import Floats
from model_export.projection import Projection, fit_projection
from model_export.whitening import product_spread, whitener

Way = Literal["whiten", "pca", "itq", "random", "evened"]
"""`evened`: whitened a second time, by all photos, so that every direction of them counts alike."""
How = Literal["float", "hamming", "rescored"]
Hits = npt.NDArray[np.float64]
Threshold = Callable[[Floats], Floats]


def fitted(photos: Photos, way: Way, bits: int, seed: int = 0) -> Projection:
    """A projection to `bits` numbers, fitted on the photos that may be."""
    x = photos.features[photos.fitted]
    if way == "random":
        turned = np.random.default_rng((seed, 9)).standard_normal((bits, x.shape[1])).astype(np.float32)
        return Projection(turned, -turned @ x.mean(axis=0))
    if way == "evened":
        base = fitted(photos, "whiten", bits, seed)
        even = whitening_of(base.apply(x)).astype(np.float32)
        return Projection(even @ base.weight, even @ base.bias)
    first = whitener(product_spread(x, photos.products)[0]) if way == "whiten" else None
    return fit_projection(x, bits, seed, "pca" if way == "whiten" else way, first)


def whitening_of(x: Floats) -> npt.NDArray[np.float64]:
    """(covariance of x [n, d])^(−1/2), symmetric [d, d]; directions without variance are left out."""
    values, vectors = np.linalg.eigh(np.cov(x.astype(np.float64), rowvar=False))
    scale = np.where(values > values.max() * 1e-6, 1 / np.sqrt(np.maximum(values, 1e-300)), 0.0)
    root: npt.NDArray[np.float64] = (vectors * scale) @ vectors.T
    return root


def alone(photos: Photos) -> Photos:
    """The same photos where the leaves that the model never saw are an index of their own."""
    new = np.isin(photos.leaves, photos.leaves[photos.unseen])
    return replace(photos, shelf=photos.shelf & new)


def first_answers(photos: Photos, embedding: Floats, queries: Mask, how: How, at: Threshold) -> Hits:
    """Whether the nearest indexed photo of each query shows its product, 0 or 1; ties go to the first row."""
    centred = embedding - at(embedding[photos.shelf])
    rows, asked = centred[photos.shelf], centred[queries]
    if how != "float":
        rows = np.where(rows > 0, np.float32(1), np.float32(-1))
    if how == "hamming":
        asked = np.where(asked > 0, np.float32(1), np.float32(-1))
    nearest = (asked @ _unit(rows).T).argmax(axis=1)
    right: Hits = (photos.leaves[photos.shelf][nearest] == photos.leaves[queries]).astype(np.float64)
    return right


def among(
    photos: Photos, embedding: Floats, queries: Mask, short_lists: Sequence[int], more: Floats
) -> dict[int, Hits]:
    """For each length of the short list (nearest by Hamming distance, ties by row): whether its best, rescored, shows
    the query's product.

    more: float32 [m, bits], the embeddings of further photos of other products in the index.
    """
    at = embedding[photos.shelf].mean(axis=0)
    codes = np.packbits(np.concatenate([embedding[photos.shelf], more]) > at, axis=1)
    leaves = np.concatenate([photos.leaves[photos.shelf], np.full(len(more), -1)])
    index = faiss.IndexBinaryFlat(embedding.shape[1])
    index.add(codes)
    asked = embedding[queries] - at
    _, near = index.search(np.packbits(asked > 0, axis=1), max(short_lists))
    found = {count: np.zeros(len(asked)) for count in short_lists}
    for place, (query, leaf) in enumerate(zip(asked, photos.leaves[queries], strict=True)):
        signs = np.unpackbits(codes[near[place]], axis=1).astype(np.float32) * 2 - 1
        similar = signs @ query
        for count in short_lists:
            found[count][place] = leaves[near[place][similar[:count].argmax()]] == leaf
    return found


def distractors(photos: Photos, count: int, seed: int = 0) -> Floats:
    """Features of photos that are not there: mixtures of two indexed photos of different products, [count, F]."""
    rng = np.random.default_rng((seed, 10))
    x, leaves = photos.features[photos.shelf], photos.leaves[photos.shelf]
    one, other = rng.integers(0, len(x), (2, count))
    other = np.where(leaves[one] == leaves[other], (other + len(x) // 2) % len(x), other)
    share = rng.uniform(0.3, 0.7, (count, 1)).astype(np.float32)
    mixed: Floats = share * x[one] + (1 - share) * x[other]
    return mixed


def _unit(rows: Floats) -> Floats:
    unit: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit
