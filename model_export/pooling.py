"""From a convolutional network's maps to one vector: several stages, each weighted towards the middle of the photo.

What tells one package from its sibling (a stripe, a fruit, a colour) is gone from the last map, which was trained to
name a class; earlier maps still have it (hypercolumns: Hariharan et al., CVPR 2015). And the thing meant is in the
middle: a Gaussian weight keeps the shelf around it out ("centering prior": Babenko and Lempitsky, "Aggregating deep
convolutional features for image retrieval", ICCV 2015, section 3.2).
`make bench-recognition` measures what each of them gives.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

STRIDES = (8, 16)
"""The earlier stages that are pooled beside the last, by pixels a cell."""
SIGMA = 0.5
"""Of the Gaussian weight, in halves of the photo's side."""


def centre_weights(height: int, width: int) -> Tensor:
    """exp(−(x² + y²) / 2σ²) at the middle of every cell, x and y from −1 to 1: float32 [height, width], their sum 1."""
    y, x = ((torch.arange(n, dtype=torch.float32) * 2 + 1) / n - 1 for n in (height, width))
    weights = torch.exp(-(y[:, None].square() + x[None, :].square()) / (2 * SIGMA**2))
    return weights / weights.sum()


class StagePooling(nn.Module):
    """A timm network with the weighted means of its last map (through the network's own head) and earlier ones."""

    def __init__(self, network: nn.Module, picks: Sequence[int]) -> None:
        """`picks`: which of the network's intermediate maps, rising, from `earlier_stages`."""
        super().__init__()
        self.network: Any = network
        self._picks = list(picks)

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalised float [N, 3, H, W] → float [N, widths of the head and of each pick]."""
        last, maps = self.network.forward_intermediates(pixels, indices=self._picks)
        # The head takes a plain mean over the map, so a map times its weights gives it the weighted one.
        weighted = last * _like(last) * math.prod(last.shape[2:])
        return torch.cat([self.network.forward_head(weighted), *((m * _like(m)).sum(dim=(2, 3)) for m in maps)], dim=1)


def earlier_stages(network: Any, side: int) -> list[int]:
    """The intermediate maps to pool beside the last one of `network` at photos of `side` pixels; [] for a network
    without a pyramid of maps (most transformers) or with a head that is no plain mean.
    """
    info = [stage["reduction"] for stage in getattr(network, "feature_info", [])]
    picks = sorted(len(info) - 1 - info[::-1].index(stride) for stride in STRIDES if stride in info)
    if not picks or max(info) <= max(STRIDES):
        return []
    training = network.training
    network.eval()
    with torch.inference_mode():
        photo = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))
        last, maps = network.forward_intermediates(photo, indices=picks)
        is_map = last.ndim == 4 and last.shape[2] == last.shape[3] and len(maps) == len(picks)
        # A mean does not change when the map is replaced by its mean everywhere; attention pooling and maxima do.
        plain = is_map and torch.allclose(
            network.forward_head(last),
            network.forward_head(last.mean(dim=(2, 3), keepdim=True).expand_as(last)),
            rtol=1e-3,
            atol=1e-4,
        )
    network.train(training)
    return picks if plain else []


def _like(own: Tensor) -> Tensor:
    return centre_weights(*own.shape[2:]).to(own)
