"""Backbones by their timm name, and where their starting weights come from. The only file that imports timm."""

import difflib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from engine.errors import InputError, UnavailableError
from engine.model import Weights
from model_export.pooling import StagePooling, earlier_stages
from model_export.recipe import Pooling
from model_export.torchvision_shim import ensure_torchvision
from model_export.weights import load_weights


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network from normalised float [N, 3, size, size] to pooled features, and its input statistics.

    `blocks`: how many features come from each stage, the last stage's first.
    """

    module: nn.Module
    blocks: tuple[int, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights: Weights

    @property
    def features(self) -> int:
        """How many pooled features there are."""
        return sum(self.blocks)


def create_backbone(name: str, weights: str, size: int, pooling: Pooling = "average") -> Backbone:
    """The backbone `name` for photos of side `size`, with `weights` "hub", "none", or the path of a file or a run.

    Pooling `stages` is `model_export.pooling`, `average` what the network does itself, `auto` the former where the
    network has a pyramid of maps. Raises InputError for an unknown name or a file that does not fit, UnavailableError
    for weights that cannot be had.
    """
    ensure_torchvision()
    import timm

    if not timm.is_model(name.split(".", maxsplit=1)[0]):
        close = difflib.get_close_matches(name, timm.list_models(), 3)
        hint = f"; did you mean {', '.join(close)}?" if close else "; any name of timm.list_models() works"
        raise InputError(f"backbone {name!r} is unknown{hint}")
    fixed = _config(timm, name).get("fixed_input_size", False)
    options: dict[str, Any] = {"img_size": size} if fixed else {}
    # The hub's client logs each of its retries; what counts is said once, by the error.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        module = timm.create_model(name, pretrained=weights == "hub", num_classes=0, **options)
    except Exception as error:  # the hub's client raises many unrelated kinds
        if weights != "hub":
            raise
        raise UnavailableError(
            f"the weights of {name} are not on this machine and cannot be had from the hub ({_cause(error)}); "
            'README.md, "Starting weights", has how to save them elsewhere: then name the file with --weights PATH; '
            "or train from scratch with --weights none"
        ) from error
    config = module.pretrained_cfg
    source = Weights(source="none") if weights == "none" else Weights(source="hub", licence=config.get("license"))
    if weights not in ("none", "hub"):
        source = load_weights(module, name, Path(weights))
    mean, std = (tuple(float(v) for v in config[key]) for key in ("mean", "std"))
    module, blocks = _pooled(module, name, size, pooling)
    return Backbone(module, blocks, mean, std, source)  # type: ignore[arg-type]


def has_fixed_size(name: str) -> bool:
    """Whether the backbone takes photos of one size only (most transformers do)."""
    ensure_torchvision()
    import timm

    return bool(_config(timm, name).get("fixed_input_size", False))


def has_batch_statistics(module: nn.Module) -> bool:
    """Whether a batch's statistics normalise it in training (batch normalisation of any kind)."""
    return any(isinstance(own, _BatchNorm) for own in module.modules())


def freeze_statistics(module: nn.Module) -> None:
    """Let batch normalisation use its running statistics and leave them as they are; `train()` undoes it."""
    for own in module.modules():
        if isinstance(own, _BatchNorm):
            own.eval()


def share_statistics(module: nn.Module) -> nn.Module:
    """`module` with batch normalisation over the batches of all processes; torch has that on CUDA only."""
    from timm.layers import convert_sync_batchnorm  # torch's own would lose the activations that timm fuses

    shared: nn.Module = convert_sync_batchnorm(module)
    return shared


def layers_of(module: nn.Module) -> list[list[nn.Parameter]]:
    """The parameters of a backbone's layers, from its stem to its last, as timm groups them."""
    from timm.models import group_parameters

    network: Any = module.network if isinstance(module, StagePooling) else module
    depth: dict[str, int] = group_parameters(network, network.group_matcher(coarse=False), reverse=True)
    layers: dict[int, list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        layers.setdefault(depth[name], []).append(parameter)
    return [layers[number] for number in sorted(layers)]


def _pooled(network: nn.Module, name: str, size: int, pooling: Pooling) -> tuple[nn.Module, tuple[int, ...]]:
    head = _width(network, size)
    picks = [] if pooling == "average" else earlier_stages(network, size)
    if pooling == "stages" and not picks:
        raise InputError(f"{name} has no pyramid of maps to pool; use --set pooling=average")
    if not picks:
        return network, (head,)
    widths = [int(stage["num_chs"]) for stage in network.feature_info]  # type: ignore[union-attr]
    return StagePooling(network, picks), (head, *(widths[pick] for pick in picks))


def _config(timm: Any, name: str) -> dict[str, Any]:
    config = timm.get_pretrained_cfg(name)
    return {} if config is None else dict(config.to_dict())


def _width(module: nn.Module, size: int) -> int:
    """The number of pooled features; for some families it is not the one that timm states."""
    training = module.training
    module.eval()
    with torch.inference_mode():
        width = module(torch.zeros(1, 3, size, size)).shape[1]
    module.train(training)
    return int(width)


def _cause(error: BaseException) -> str:
    """What the first error of a chain said, such as "Name or service not known", without the names of its kinds."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).strip().split("\n")[0].split(". ")[0][:160] or type(error).__name__
