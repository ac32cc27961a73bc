"""Pull each embedding toward the fixed binary code of its class.

Hoe et al., "One Loss for All: Deep Hashing with a Single Cosine Similarity based Learning Objective" (OrthoHash),
NeurIPS 2021, equation 6: cosine-margin softmax against one random ±1 code a class.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.taxonomy import Path3


def target_codes(classes: Sequence[Path3], bits: int, seed: int, kinship: float = 0.0) -> Tensor:
    """One code of ±1 for each class: float32 [classes, bits].

    With `kinship` 0 each entry is a fair coin flip (Bernoulli codes): any two differ in bits/2 ± sqrt(bits)/2 places,
    so they are nearly orthogonal. With more, every category below the first level takes each entry from its parent's
    code with probability `kinship` and flips a coin otherwise: the expected cosine of two siblings is kinship², of
    two cousins kinship⁴, of strangers 0.
    """
    generator = torch.Generator().manual_seed(seed)
    codes: dict[tuple[str | None, ...], Tensor] = {}
    for path in classes:
        for depth in range(1, len(path) + 1):
            node, parent = path[:depth], codes.get(path[: depth - 1])
            if node in codes:
                continue
            own = torch.randint(0, 2, (bits,), generator=generator).float() * 2 - 1
            if parent is None:
                codes[node] = own
            elif node[-1] is None:  # no name at this level: the same category still
                codes[node] = parent
            else:
                codes[node] = torch.where(torch.rand(bits, generator=generator) < kinship, parent, own)
    return torch.stack([codes[path] for path in classes]) if classes else torch.zeros(0, bits)


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
