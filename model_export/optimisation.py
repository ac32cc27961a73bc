"""AdamW (Loshchilov and Hutter, ICLR 2019) in groups, with warm-up and a cosine."""

import math

import torch
from torch import nn

from model_export.backbone import layers_of
from model_export.network import Network
from model_export.recipe import Recipe


def make_optimiser(network: Network, recipe: Recipe) -> torch.optim.AdamW:
    """Backbone and heads at their own learning rates, the backbone's lower by `recipe.layer_decay` for every layer
    below its last (Howard and Ruder, ACL 2018, section 3.2); no decay on what is not a matrix (norms, biases).
    """
    groups = []
    for rate, parameters in _by_rate(network, recipe):
        matrices = [p for p in parameters if p.ndim > 1]
        others = [p for p in parameters if p.ndim <= 1]
        groups.append({"params": matrices, "lr": rate, "peak": rate, "weight_decay": recipe.weight_decay})
        groups.append({"params": others, "lr": rate, "peak": rate, "weight_decay": 0.0})
    return torch.optim.AdamW([group for group in groups if group["params"]])


def set_rates(optimiser: torch.optim.Optimizer, step: int, steps: int, warmup: float) -> float:
    """Set every group's rate for `step` (0 ≤ step < steps) and return the share of the peak."""
    rising = math.ceil(steps * warmup)
    if step < rising:
        share = (step + 1) / rising
    else:
        share = 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * share
    return share


def _by_rate(network: Network, recipe: Recipe) -> list[tuple[float, list[nn.Parameter]]]:
    backbone = layers_of(network.backbone) if recipe.layer_decay < 1 else [list(network.backbone.parameters())]
    last = len(backbone) - 1
    rates = [recipe.lr_backbone * recipe.layer_decay ** (last - depth) for depth in range(len(backbone))]
    heads = [own for name, own in network.named_parameters() if not name.startswith("backbone.")]
    return [*zip(rates, backbone, strict=True), (recipe.lr_heads, heads)]
