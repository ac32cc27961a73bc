"""Binary codes: bits from embeddings, and how well a float query agrees with a stored code."""

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_EXACT = 2**24
"""float32 adds whole numbers exactly, in any order, while every partial sum stays below this."""


def binarise(embeddings: Floats, thresholds: Floats) -> Codes:
    """Bit i = embedding[i] > thresholds[i], packed little-endian as FAISS does.

    embeddings: float32 [n, bits] or [bits]; thresholds: float32 [bits]. Returns uint8 [n, bits / 8] or [bits / 8].
    """
    return np.packbits(embeddings > thresholds, axis=-1, bitorder="little")


def unpack(codes: Codes) -> Codes:
    """The bits of packed codes as 0 and 1: uint8 [n, bits / 8] to uint8 [n, bits]."""
    return np.unpackbits(codes, axis=-1, bitorder="little")


def direction(embedding: Floats, thresholds: Floats) -> Floats:
    """The query e − t scaled to length ⌊2²⁴ / √bits⌋ and truncated to whole numbers: float32 [bits].

    Whole numbers make every sum of `similarity` exact, so equal codes get equal similarities on every machine and
    in every batch, and the order of answers is reproducible. Truncated, not
    rounded: sums stay below 2²⁴. It moves a similarity by at most bits / 2²⁴: 3e-5 at 512 bits.
    """
    centred = embedding.astype(np.float64) - thresholds
    length = float(np.linalg.norm(centred))
    if length == 0:
        return np.zeros(len(centred), dtype=np.float32)
    return np.trunc(centred * (_scale(len(centred)) / length)).astype(np.float32)


def similarity(query: Floats, codes: Codes) -> Floats:
    """Cosine between a float query and binary codes b ∈ {−1, +1}^bits (asymmetric distance, Gordo et al. 2014).

    (e − t)·b / (‖e − t‖ √bits), in [−1, 1]. query: float32 [bits] from `direction`; codes: uint8 [n, bits / 8].
    Returns float32 [n].
    """
    bits = len(query)
    # einsum, not @: BLAS would start threads for a product this small and wait for busy cores
    agreeing = np.einsum("nb,b->n", unpack(codes).astype(np.float32), query)
    signed = 2 * agreeing.astype(np.float64) - float(query.sum(dtype=np.float64))
    cosine: Floats = (signed / (_scale(bits) * np.sqrt(bits))).astype(np.float32)
    return cosine


def hamming(code: Codes, codes: Codes) -> npt.NDArray[np.int32]:
    """The number of differing bits between one code, uint8 [bytes], and each of codes, uint8 [n, bytes]: int32 [n]."""
    distances: npt.NDArray[np.int32] = np.bitwise_count(codes ^ code).sum(axis=1, dtype=np.int32)
    return distances


def _scale(bits: int) -> int:
    # ‖v‖₁ ≤ √bits ‖v‖₂, so no partial sum of a vector of this length exceeds 2^24
    return int(_EXACT / np.sqrt(bits))
