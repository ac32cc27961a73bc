"""What photos of one product differ by, and the map that makes it count less.

Two photos of one product differ in light, angle and background; two products differ in other directions. Dividing by
the first kind of spread leaves the second: learned discriminative whitening (Mikolajczyk and Matas, "Improving
descriptors for fast tree matching by optimal linear projection", ICCV 2007; for image search: Radenović et al.,
"Fine-tuning CNN image retrieval with no human annotation", TPAMI 2019, section 3.4). It needs no category, and holds
for products that it never saw, since what they differ by among themselves is alike.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model_export.projection import Doubles, Floats

SHRINK = 0.3
"""Weight of the even spread that is added to the estimated one, whose smaller directions are noise."""
VIEWS = 0.3
"""Weight of the views' spread beside the photos', where there are many photos."""
FEW = 500
"""So many photos beyond the first of their products weigh as much as all views."""

Spread = Doubles
"""A covariance [F, F]."""


def product_spread(features: Floats, products: Sequence[str]) -> tuple[Spread, int]:
    """The covariance of photos about the mean of their product, and its degrees of freedom (photos − products).

    features: float32 [n, F]; products: one id for each. A product with m photos counts as √m of them, so that one with
    a thousand photos does not drown the rest. Without a product of two photos: zeros and 0.
    """
    x = features.astype(np.float64)
    ids = {name: i for i, name in enumerate(dict.fromkeys(products))}
    own = np.array([ids[name] for name in products], dtype=np.int64)
    sizes = np.bincount(own, minlength=len(ids))
    means = np.zeros((len(ids), x.shape[1]))
    np.add.at(means, own, x)
    means /= sizes[:, None]
    freedom = len(x) - len(ids)
    if freedom == 0:
        return np.zeros((x.shape[1], x.shape[1])), 0
    # m photos about their own mean show (m − 1)/m of the spread about the true one
    weights = np.where(sizes > 1, np.sqrt(sizes) / np.maximum(sizes - 1, 1), 0.0)[own]
    rest = (x - means[own]) * np.sqrt(weights)[:, None]
    return rest.T @ rest / np.sqrt(sizes[sizes > 1]).sum(), freedom


def view_spread(features: Floats) -> Spread:
    """The covariance of views about the mean of their photo; features: float32 [photos, views ≥ 2, F]."""
    x = features.astype(np.float64)
    rest = (x - x.mean(axis=1, keepdims=True)).reshape(-1, x.shape[2])
    spread: Spread = rest.T @ rest / (x.shape[0] * (x.shape[1] - 1))
    return spread


def blend(photos: Spread, freedom: int, views: Spread) -> Spread:
    """Both spreads at trace 1, the photos' weighted by how many there are: from nothing to 1 − VIEWS."""
    share = (1 - VIEWS) * freedom / (freedom + FEW)
    return share * _even(photos) + (1 - share) * _even(views)


def whitener(spread: Spread) -> Doubles:
    """(S + ε I)^(−1/2) with S = `spread` at mean eigenvalue 1 and ε = SHRINK, symmetric [F, F]."""
    size = len(spread)
    values, vectors = np.linalg.eigh(_even(spread) * size + SHRINK * np.eye(size))
    root: npt.NDArray[np.float64] = (vectors / np.sqrt(values)) @ vectors.T
    return root


def _even(spread: Spread) -> Spread:
    trace = float(np.trace(spread))
    return spread / trace if trace > 0 else spread
