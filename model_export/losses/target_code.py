"""Pull each embedding toward the fixed binary code of its class.

Hoe et al., "One Loss for All: Deep Hashing with a Single Cosine Similarity based Learning Objective" (OrthoHash),
NeurIPS 2021, equation 6: cosine-margin softmax against one random ±1 code a class.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def target_codes(classes: int, bits: int, seed: int) -> Tensor:
    """One code of ±1 for each class: float32 [classes, bits], each entry a fair coin flip (Bernoulli codes).

    Any two differ in bits/2 ± sqrt(bits)/2 places, so they are nearly orthogonal.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 2, (classes, bits), generator=generator).float() * 2 - 1


class TargetCodeLoss(nn.Module):
    """Mean over labelled rows of the cross-entropy of s · (cos(v, c_j) − m · [j = y]).

    Rows labelled −1 (not known down to a class) contribute nothing.
    """

    directions: Tensor
    """float32 [classes, bits], the codes at unit length."""

    def __init__(self, codes: Tensor, margin: float = 0.2, scale: float = 16.0) -> None:
        super().__init__()
        self.margin = margin
        self.scale = scale
        self.register_buffer("directions", functional.normalize(codes, dim=1), persistent=False)

    def forward(self, embeddings: Tensor, classes: Tensor) -> Tensor:
        """embeddings: float [N, bits]; classes: int64 [N], −1 = none. Returns a scalar; 0 without any class."""
        known = classes >= 0
        if not bool(known.any()):
            return embeddings.float().sum() * 0.0
        target = classes[known]
        cosine = functional.normalize(embeddings[known].float(), dim=1) @ self.directions.T
        margins = self.margin * functional.one_hot(target, cosine.shape[1])
        return functional.cross_entropy(self.scale * (cosine - margins), target)
