"""Keep photos of one product together and apart from all others: the signal of identity.

Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, equation 2 (L_out). With two views of one photo as
the only positives it is the NT-Xent loss of SimCLR (Chen et al., ICML 2020, equation 1).
"""

import torch
from torch import Tensor
from torch.nn import functional


def instance_loss(
    embeddings: Tensor,
    products: Tensor,
    temperature: float = 0.1,
    bank: Tensor | None = None,
    bank_products: Tensor | None = None,
) -> Tensor:
    """Mean over anchors i with a positive of −1/|P(i)| Σ_{p ∈ P(i)} log softmax_{j ≠ i}(z_i · z_j / τ)[p].

    embeddings: float [N, D], brought to unit length z here; products: int64 [N], equal for photos of one product.
    bank: float [M, D] without gradient, and bank_products: int64 [M], are further rows j that are no anchors.
    P(i) are the other rows of i's product. Rows without a positive are negatives only.
    Returns a scalar; 0 where no row has a positive.
    """
    z = functional.normalize(embeddings.float(), dim=1)
    others, own = z, products
    if bank is not None and bank_products is not None:
        others = torch.cat([z, functional.normalize(bank.float(), dim=1)])
        own = torch.cat([products, bank_products])
    itself = torch.eye(len(z), len(others), dtype=torch.bool, device=z.device)
    positive = (products[:, None] == own[None, :]) & ~itself
    count = positive.sum(dim=1)
    anchors = count > 0
    if not bool(anchors.any()):
        return z.sum() * 0.0
    log_p = torch.log_softmax((z @ others.T / temperature).masked_fill(itself, -torch.inf), dim=1)
    per_row = log_p.masked_fill(~positive, 0.0).sum(dim=1)
    return -(per_row[anchors] / count[anchors]).mean()
