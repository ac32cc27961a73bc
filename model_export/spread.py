"""The whitening of one network, measured on training photos: those of one product, and views of one photo."""

from collections.abc import Sequence

import numpy as np

from engine.catalogue.row import Row
from model_export.encode import Encoder
from model_export.network import Network
from model_export.projection import Doubles, Floats
from model_export.recipe import Recipe
from model_export.whitening import blend, product_spread, view_spread, whitener

PHOTOS = 1000
"""Photos of which views are made."""
VIEWS = 3
BACKGROUND = 0.5
"""Share of the views on another ground, at least."""


def whitening(
    network: Network, encoder: Encoder, rows: Sequence[Row], features: Floats, recipe: Recipe, seed: int
) -> Doubles:
    """The map that evens out what photos of one product differ by, [F, F]; features: float32 [n, F] of `rows`."""
    rng = np.random.default_rng((seed, 6))
    chosen = np.sort(rng.choice(len(rows), min(len(rows), PHOTOS), replace=False))
    varied = recipe.model_copy(update={"background": max(recipe.background, BACKGROUND)})
    views = encoder.views(network, [rows[i] for i in chosen], VIEWS, varied, seed)
    return whitener(blend(*product_spread(features, [row.product for row in rows]), view_spread(views)))


def of_products(rows: Sequence[Row], features: Floats) -> Doubles | None:
    """The same from photos of one product alone, without a pass over views; None where no product has two."""
    spread, freedom = product_spread(features, [row.product for row in rows])
    return whitener(spread) if freedom else None
