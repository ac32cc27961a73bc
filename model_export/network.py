"""The network that is trained and exported: pixels → pooled features → embedding and class logits."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from model_export.backbone import Backbone


class Outputs(NamedTuple):
    """features float [N, F], embedding float [N, bits], logits float [N, classes] (classes may be 0)."""

    features: Tensor
    embedding: Tensor
    logits: Tensor


class Network(nn.Module):
    """Takes uint8 [N, H, W, 3] RGB, so that training, validation and the exported graph normalise alike."""

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: Backbone, bits: int, classes: int) -> None:
        super().__init__()
        self.backbone = backbone.module
        self.embedding = nn.Linear(backbone.features, bits)
        self.classifier = nn.Linear(backbone.features, classes) if classes else None
        self.register_buffer("mean", torch.tensor(backbone.mean).reshape(1, 3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(backbone.std).reshape(1, 3, 1, 1) * 255)
        nn.init.orthogonal_(self.embedding.weight)
        nn.init.zeros_(self.embedding.bias)
        if self.classifier is not None:
            nn.init.trunc_normal_(self.classifier.weight, std=0.01)
            nn.init.zeros_(self.classifier.bias)

    def forward(self, pixels: Tensor) -> Outputs:
        """pixels: uint8 [N, H, W, 3]."""
        # The permuted tensor is "channels last" in memory, which the convolutions of a CPU prefer by a factor of 3.
        normalised = (pixels.permute(0, 3, 1, 2).float() - self.mean) / self.std
        features = self.backbone(normalised)
        logits = features[:, :0] if self.classifier is None else self.classifier(features)
        return Outputs(features, self.embedding(features), logits)
