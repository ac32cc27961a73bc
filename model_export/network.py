"""The network that is trained and exported: pixels → pooled features → embedding and class logits.

Training by titles has one more head, which is not exported.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from model_export.backbone import Backbone


class Outputs(NamedTuple):
    """features float [N, F], embedding float [N, bits], logits float [N, classes], and those of the head for titles,
    attributes float [N, attributes]; classes and attributes may be 0.
    """

    features: Tensor
    embedding: Tensor
    logits: Tensor
    attributes: Tensor


class Network(nn.Module):
    """Takes uint8 [N, H, W, 3] RGB, so that training, validation and the exported graph normalise alike."""

    mean: Tensor
    std: Tensor
    scale: Tensor
    """float32 [F]: brings the stages of the backbone to one size; see `even_out`."""

    def __init__(self, backbone: Backbone, bits: int, classes: int, attributes: int = 0) -> None:
        """`attributes`: outputs of the head for titles; 0 is none."""
        super().__init__()
        self.backbone = backbone.module
        self.embedding = nn.Linear(backbone.features, bits)
        self.classifier = nn.Linear(backbone.features, classes) if classes else None
        self.watched = False
        """Whether the classifier only watches: it learns, and what it learns does not reach the features."""
        self.register_buffer("mean", torch.tensor(backbone.mean).reshape(1, 3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(backbone.std).reshape(1, 3, 1, 1) * 255)
        self.register_buffer("scale", torch.ones(backbone.features))
        self._blocks = backbone.blocks
        nn.init.orthogonal_(self.embedding.weight)
        nn.init.zeros_(self.embedding.bias)
        if self.classifier is not None:
            nn.init.trunc_normal_(self.classifier.weight, std=0.01)
            nn.init.zeros_(self.classifier.bias)
        # last, so that the other numbers are drawn alike with and without it
        self.attributes = nn.Linear(backbone.features, attributes) if attributes else None
        if self.attributes is not None:
            nn.init.trunc_normal_(self.attributes.weight, std=0.01)
            nn.init.zeros_(self.attributes.bias)

    def forward(self, pixels: Tensor) -> Outputs:
        """pixels: uint8 [N, H, W, 3]."""
        # The permuted tensor is "channels last" in memory, which the convolutions of a CPU prefer by a factor of 3.
        normalised = (pixels.permute(0, 3, 1, 2).float() - self.mean) / self.std
        features = self.backbone(normalised) * self.scale
        seen = features.detach() if self.watched else features
        logits = features[:, :0] if self.classifier is None else self.classifier(seen)
        attributes = features[:, :0] if self.attributes is None else self.attributes(features)
        return Outputs(features, self.embedding(features), logits, attributes)

    def exported_state(self) -> dict[str, Tensor]:
        """The state without the head for titles, which nothing needs once training is over."""
        return {name: value for name, value in self.state_dict().items() if not name.startswith("attributes.")}

    def even_out(self, features: Tensor) -> None:
        """Set `scale` so that each stage varies as much as the last one over `features`, float [n, F], n ≥ 2, on any
        device.

        Raises nothing for a stage that does not vary: its scale stays.
        """
        blocks = torch.split(features.to(self.scale.device) / self.scale, list(self._blocks), dim=1)
        spreads = torch.stack([block.var(dim=0).sum().sqrt() for block in blocks])
        factors = torch.where((spreads > 0) & (spreads[0] > 0), spreads[0] / spreads, 1.0)
        self.scale.copy_(torch.cat([factor.expand(size) for factor, size in zip(factors, self._blocks, strict=True)]))
