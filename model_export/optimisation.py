"""AdamW (Loshchilov and Hutter, ICLR 2019) in four groups, with warm-up and a cosine."""

import math

import torch
from torch import nn

from model_export.network import Network
from model_export.recipe import Recipe


def make_optimiser(network: Network, recipe: Recipe) -> torch.optim.AdamW:
    """Backbone and heads at their own learning rates; no decay on what is not a matrix (norms, biases)."""
    groups = []
    for name, parameters in _named_halves(network).items():
        rate = recipe.lr_backbone if name == "backbone" else recipe.lr_heads
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


def _named_halves(network: Network) -> dict[str, list[nn.Parameter]]:
    halves: dict[str, list[nn.Parameter]] = {"backbone": [], "heads": []}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            halves["backbone" if name.startswith("backbone.") else "heads"].append(parameter)
    return halves
