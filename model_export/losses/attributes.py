"""Predict the attributes that a photo's title names: a softmax whose target is spread evenly over those present.

Mahajan et al., "Exploring the Limits of Weakly Supervised Pretraining", ECCV 2018, section 2.4 (hashtags; they found
one logistic loss a tag to be worse), after Joulin et al., ECCV 2016. A title leaves out most of what is true. A
logistic or an asymmetric loss (Ridnik et al., ICCV 2021) takes what is left out as wrong, if less so; here it only
competes with what is named. And it has no weights of positives to choose.
"""

import torch
from torch import Tensor


def attribute_loss(logits: Tensor, present: Tensor) -> Tensor:
    """Mean over rows with an attribute of −1/|A(i)| Σ_{a ∈ A(i)} log softmax(logits_i)[a].

    logits: float [N, attributes]; present: bool [N, attributes], A(i) are the attributes of row i.
    Returns a scalar; 0 where no row has an attribute.
    """
    count = present.sum(dim=1)
    known = count > 0
    if not bool(known.any()):
        return logits.float().sum() * 0.0
    log_p = torch.log_softmax(logits[known].float(), dim=1)
    per_row = log_p.masked_fill(~present[known], 0.0).sum(dim=1)
    return -(per_row / count[known]).mean()
