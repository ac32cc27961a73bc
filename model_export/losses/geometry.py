"""Keep photos as near to each other as the pretrained network sees them: what it knows of things never trained on.

Tung and Mori, "Similarity-Preserving Knowledge Distillation", ICCV 2019, equation 4, with cosines in place of
row-normalised products; the teacher is the frozen network that training started from.
"""

import torch
from torch import Tensor
from torch.nn import functional


def geometry_loss(features: Tensor, teacher: Tensor) -> Tensor:
    """Mean over pairs i ≠ j of (cos(f_i, f_j) − cos(t_i, t_j))², each batch centred on its mean first.

    features: float [N, F]; teacher: float [N, T], without gradient. Returns a scalar; 0 for fewer than two rows.
    """
    if len(features) < 2:
        return features.float().sum() * 0.0
    own, given = (functional.normalize(x.float() - x.float().mean(dim=0), dim=1) for x in (features, teacher))
    gaps = (own @ own.T - given @ given.T).square()
    pairs = ~torch.eye(len(own), dtype=torch.bool, device=own.device)
    return gaps[pairs].mean()
