"""Linear maps from pooled features to bits, fitted on photos; of these only `whiten` looks at their product ids.

`pca`: the leading principal directions, turned by random rotations. PCA alone gives its first bits most of the
variance and its last bits noise; a random rotation spreads it evenly (Jégou et al., "Aggregating local descriptors
into a compact image representation", CVPR 2010, section 4; the baseline "PCA-RR" of Gong and Lazebnik). The codes are
nested: the first 128, 256, 512 … bits of a longer code are as good as a code of that length. One rotation of all
directions is not: its first bits are a random projection. So bits 129 to 256 are half of a rotation of the leading 256
directions, bits 257 to 512 half of one of the leading 512, and so on.
`whiten`: the same after `model_export.whitening`, which first evens out what photos of one product differ by.
`itq`: the rotation that moves the photos closest to the corners of the cube (Gong and Lazebnik, "Iterative
Quantization", CVPR 2011, section 3).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.wording import counted

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Method = Literal["whiten", "pca", "itq"]

ITQ_STEPS = 50
FIRST_BITS = 128
"""The shortest code that the beginning of a longer one can be used as."""


@dataclass(frozen=True, slots=True)
class Projection:
    """embedding = features @ weight.T + bias. weight: float32 [bits, F]; bias: float32 [bits]."""

    weight: Floats
    bias: Floats

    def apply(self, features: Floats) -> Floats:
        """float32 [n, F] → float32 [n, bits]."""
        return features @ self.weight.T + self.bias


def fit_projection(
    features: Floats, bits: int, seed: int, method: Method = "pca", first: Doubles | None = None
) -> Projection:
    """Fit `bits` directions on features float32 [n, F]; over the photos each bit has mean 0, all together variance 1.

    `first`: a symmetric map [F, F] that comes before all else (for `whiten`, from `model_export.whitening`).

    The photos vary in r ≤ min(n − 1, F) directions. With bits > r, `pca` keeps all r, adds random directions of
    their complement (where these photos do not vary, but other photos may), and turns the whole; with bits > F it
    goes on with rotations of the whole space (super-bit hashing, Ji et al., NIPS 2012).
    `itq` needs bits ≤ r: InputError otherwise.
    """
    x = features.astype(np.float64)
    mean = x.mean(axis=0)
    x -= mean
    if first is not None:
        x = x @ first
    rng = np.random.default_rng((seed, 2))
    principal = _principal_directions(x, bits)
    if method == "itq":
        if principal.shape[1] < bits:
            raise InputError(
                f"--projection itq cannot fit {bits} bits: the {len(x)} photos vary in "
                f"{counted(principal.shape[1], 'direction')} (take fewer --bits, more photos, or --projection pca)"
            )
        weight = _itq_rotation(x @ principal, rng).T @ principal.T
    else:
        basis = _complete(principal, min(bits, x.shape[1]), rng)
        weight = _nested_rotations(bits, basis.shape[1], rng) @ basis.T
    spread = np.sqrt(np.square(x @ weight.T).mean()) if len(x) > 1 else 0.0
    weight /= spread if spread > 0 else 1.0
    if first is not None:
        weight = weight @ first
    return Projection(weight.astype(np.float32), (-weight @ mean).astype(np.float32))


def _principal_directions(x: Doubles, count: int) -> Doubles:
    """Up to `count` leading eigenvectors of the covariance of centred x [n, F], as columns; fewer if its rank is."""
    values, vectors = np.linalg.eigh(x.T @ x / max(len(x), 1))
    order = np.argsort(-values, kind="stable")
    rank = min(len(x) - 1, int((values > values.max(initial=0.0) * 1e-10).sum()))
    kept: Doubles = vectors[:, order[: min(count, max(rank, 0))]]
    return kept


def _complete(columns: Doubles, count: int, rng: np.random.Generator) -> Doubles:
    """Orthonormal `columns` [F, k] and random orthonormal ones orthogonal to them: [F, count]."""
    missing = count - columns.shape[1]
    if missing <= 0:
        return columns
    noise = rng.standard_normal((columns.shape[0], missing))
    for _ in range(2):  # once more for the sake of rounding
        noise = np.linalg.qr(noise - columns @ (columns.T @ noise))[0]
    return np.concatenate([columns, noise], axis=1)


def _random_rotation(size: int, rng: np.random.Generator) -> Doubles:
    """A uniformly random orthogonal matrix (Mezzadri 2007: QR with the signs of R's diagonal taken out)."""
    q, r = np.linalg.qr(rng.standard_normal((size, size)))
    turned: Doubles = q * np.sign(np.diag(r))
    return turned


def _nested_rotations(bits: int, size: int, rng: np.random.Generator) -> Doubles:
    """Unit rows over `size` directions, the leading ones first: [bits, size]; see the head of this file."""
    rows = np.zeros((bits, size))
    done, end = 0, min(bits, FIRST_BITS)
    while done < bits:
        leading = min(end, size)
        turned = _random_rotation(leading, rng)[: end - done]
        rows[done : done + len(turned), :leading] = turned
        done += len(turned)
        if done == end:
            end = min(2 * end, bits)
    return rows


def _itq_rotation(v: Doubles, rng: np.random.Generator) -> Doubles:
    """Alternate codes B = sign(VR) and the rotation R that minimises ‖B − VR‖ (orthogonal Procrustes): [bits, bits]."""
    rotation = _random_rotation(v.shape[1], rng)
    for _ in range(ITQ_STEPS):
        left, _, right = np.linalg.svd(v.T @ np.where(v @ rotation > 0, 1.0, -1.0))
        rotation = left @ right
    return rotation
