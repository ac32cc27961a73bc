"""Cross-entropy at every level of the hierarchy from one classifier over its deepest classes.

The probability of a parent is the sum of its classes' (as in the hierarchical softmax of Redmon and Farhadi,
"YOLO9000", CVPR 2017, section 4, with the sum taken over one flat softmax): log p(parent) is a difference of two
logsumexp. A row labelled only at a parent so trains the sum, and leaves open which of the classes it is.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.taxonomy import LEVELS, NO_PATH, Path3, Taxonomy


class HierarchyLoss(nn.Module):
    """Mean over all (row, level) pairs with a label of −(1 − ε) log p(label) − ε · mean over classes of log p.

    The smoothing share ε (Szegedy et al., CVPR 2016) is spread evenly over the classes, so that the smoothed
    targets of all levels belong to one distribution.
    """

    members: Tensor
    """bool [targets, classes]: the classes at or below each target."""

    def __init__(self, taxonomy: Taxonomy, paths: Sequence[Path3], label_smoothing: float = 0.0) -> None:
        """`paths` are the categories that rows may carry; each of them and each of its parents is a target."""
        super().__init__()
        self.label_smoothing = label_smoothing
        targets = sorted({cut for path in paths for cut in _cuts(path) if cut is not None}, key=str)
        kept = [(cut, rows) for cut in targets if len(rows := taxonomy.members(cut))]
        self._index = {cut: i for i, (cut, _) in enumerate(kept)}
        members = torch.zeros(len(kept), len(taxonomy.classes), dtype=torch.bool)
        for i, (_, rows) in enumerate(kept):
            members[i, torch.from_numpy(rows)] = True
        self.register_buffer("members", members, persistent=False)

    def labels(self, paths: Sequence[Path3]) -> Tensor:
        """Categories as labels: int64 [N, 3], the target at each level, −1 where the row has no (known) name."""
        rows = [[-1 if cut is None else self._index.get(cut, -1) for cut in _cuts(path)] for path in paths]
        return torch.tensor(rows, dtype=torch.int64).reshape(len(rows), len(LEVELS))

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """logits: float [N, classes]; labels: int64 [N, 3] from `labels`. Returns a scalar; 0 without any label."""
        rows, levels = torch.nonzero(labels >= 0, as_tuple=True)
        if len(rows) == 0:
            return logits.float().sum() * 0.0
        log_p = torch.log_softmax(logits.float(), dim=1)
        chosen = log_p[rows]
        own = chosen.masked_fill(~self.members[labels[rows, levels]], -torch.inf).logsumexp(dim=1)
        smooth = chosen.mean(dim=1)
        return -((1 - self.label_smoothing) * own + self.label_smoothing * smooth).mean()


def _cuts(path: Path3) -> list[Path3 | None]:
    """`path` cut after each level; None where it has no name at that level."""
    return [
        None if path[depth] is None else (path[: depth + 1] + NO_PATH[depth + 1 :])  # type: ignore[misc]
        for depth in range(len(LEVELS))
    ]
