"""From the trained network to the one that is exported: identity on products never seen is protected here.

The backbone's weights are averaged between pretrained and trained (WiSE-FT: Wortsman et al., "Robust fine-tuning of
zero-shot models", CVPR 2022, equation 1), which keeps most of what fine-tuning gains and most of what it forgets;
the embedding is then fitted again on the averaged features.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from model_export.network import Network
from model_export.projection import Doubles, Floats, Method, Projection, fit_projection
from model_export.recipe import Recipe

BACKBONE = "backbone."


@dataclass(frozen=True, slots=True)
class Finish:
    """How a trained network becomes the exported one."""

    average: float
    refit: bool
    projection: Method
    bits: int
    seed: int

    @classmethod
    def of(cls, recipe: Recipe, projection: Method, bits: int, seed: int) -> "Finish":
        """Without training there is no trained head: the projection is fitted, whatever the recipe says."""
        refit = recipe.head == "refit" or recipe.epochs == 0
        return cls(recipe.average if recipe.epochs else 0.0, refit, projection, bits, seed)

    @property
    def whitens(self) -> bool:
        """Whether `head` wants a whitening."""
        return self.refit and self.projection == "whiten"

    def head(self, network: Network, features: Floats, first: Doubles | None = None) -> Projection:
        """Set the embedding of `network` for its features float32 [n, F] of training photos, and return it.

        `first`: the map of `model_export.spread.whitening`, for method `whiten`.
        """
        if self.refit:
            projection = fit_projection(features, self.bits, self.seed, self.projection, first)
            set_embedding(network, projection)
            return projection
        weight, bias = network.embedding.weight, network.embedding.bias
        return Projection(weight.detach().float().cpu().numpy(), bias.detach().float().cpu().numpy())


def averaged(initial: Mapping[str, Tensor], trained: Mapping[str, Tensor], alpha: float) -> dict[str, Tensor]:
    """The trained state, but (1 − α) · initial + α · trained for every real number of the backbone.

    BatchNorm's running means and variances are averaged with the weights they belong to.
    """
    state: dict[str, Tensor] = {}
    for name, value in trained.items():
        if alpha < 1 and name.startswith(BACKBONE) and value.is_floating_point():
            state[name] = torch.lerp(initial[name].to(value), value, alpha)
        else:
            state[name] = value
    return state


def set_embedding(network: Network, projection: Projection) -> None:
    """Replace the embedding layer's numbers."""
    with torch.no_grad():
        network.embedding.weight.copy_(torch.from_numpy(projection.weight))
        network.embedding.bias.copy_(torch.from_numpy(projection.bias))
