"""Make every bit split the photos evenly, so that each carries close to one bit of information.

The balance term of spectral hashing (Weiss et al., NIPS 2008) in the relaxed form of Lai et al. and DSH-like
networks: the squared mean of the softened bit over the batch.
"""

import torch
from torch import Tensor


def balance_loss(embeddings: Tensor) -> Tensor:
    """Mean over bits of (mean over rows of tanh(e))², between 0 (every bit is even) and 1 (every bit is constant).

    embeddings: float [N, bits], thresholds at 0. Returns a scalar; 0 for no rows.
    """
    if len(embeddings) == 0:
        return embeddings.float().sum() * 0.0
    return torch.tanh(embeddings.float()).mean(dim=0).square().mean()
