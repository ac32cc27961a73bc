"""The training objective: the weighted sum of the terms in `losses/`, over the rows of one catalogue."""

from collections import deque
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.catalogue.row import Row
from engine.errors import InputError
from engine.taxonomy import Taxonomy
from model_export.losses.attributes import attribute_loss
from model_export.losses.balance import balance_loss
from model_export.losses.geometry import geometry_loss
from model_export.losses.hierarchy import HierarchyLoss
from model_export.losses.instance import instance_loss
from model_export.losses.target_code import TargetCodeLoss, target_codes
from model_export.network import Outputs
from model_export.recipe import Recipe
from model_export.titles import Attributes, label


class Objective(nn.Module):
    """Knows the labels of every training row. A term with weight 0, or without any label, is not computed, except
    `hierarchy`: whatever its weight, the classifier is to know the categories.
    """

    levels: Tensor
    """int64 [rows, 3]"""
    classes: Tensor
    """int64 [rows]"""
    products: Tensor
    """int64 [rows]: what the instance term takes for one."""
    title_starts: Tensor
    """int64 [rows + 1]"""
    titles: Tensor
    """int64: the attributes of row i are titles[title_starts[i] : title_starts[i + 1]]."""

    def __init__(
        self,
        rows: Sequence[Row],
        taxonomy: Taxonomy,
        bits: int,
        recipe: Recipe,
        seed: int,
        attributes: Attributes | None = None,
    ) -> None:
        super().__init__()
        self.recipe = recipe
        index = {path: i for i, path in enumerate(taxonomy.classes)}
        own = [row.product if recipe.positives == "product" else str(i) for i, row in enumerate(rows)]
        numbers = {name: i for i, name in enumerate(sorted(set(own)))}
        paths = [row.category for row in rows]
        self.hierarchy = HierarchyLoss(taxonomy, paths, recipe.label_smoothing) if index else None
        codes = target_codes(taxonomy.classes, bits, seed, recipe.kinship)
        self._targets, self._instances = _parts(bits, recipe)
        self.target_code = nn.ModuleList(
            TargetCodeLoss(codes[:, part], recipe.margin, recipe.scale) for part in self._targets if index
        )
        self._bank: deque[tuple[Tensor, Tensor]] = deque()
        levels = (
            torch.zeros(len(rows), 0, dtype=torch.int64) if self.hierarchy is None else self.hierarchy.labels(paths)
        )
        self.register_buffer("levels", levels, persistent=False)
        self.register_buffer("classes", torch.tensor([index.get(path, -1) for path in paths]), persistent=False)
        self.register_buffer("products", torch.tensor([numbers[name] for name in own]), persistent=False)
        if attributes is not None:
            starts, titles = (torch.from_numpy(values) for values in label(rows, attributes))
            self.register_buffer("title_starts", starts, persistent=False)
            self.register_buffer("titles", titles, persistent=False)

    def forward(self, outputs: Outputs, rows: Tensor, teacher: Tensor | None = None) -> dict[str, Tensor]:
        """rows: int64 [N], the rows that the outputs belong to; teacher: float [N, F], the frozen network's features.

        Returns `loss` and each term before its weight.
        """
        recipe, terms, total = self.recipe, {}, outputs.embedding.float().sum() * 0.0
        if self.hierarchy is not None:
            terms["hierarchy"] = self.hierarchy(outputs.logits, self.levels[rows])
            total = total + recipe.hierarchy * terms["hierarchy"]
        if self.target_code and recipe.target_code:
            terms["target_code"] = self._target_term(outputs.embedding, self.classes[rows])
            total = total + recipe.target_code * terms["target_code"]
        if recipe.instance:
            terms["instance"] = self._instance_term(outputs.embedding, self.products[rows])
            total = total + recipe.instance * terms["instance"]
        if outputs.attributes.shape[1]:
            terms["titles"] = attribute_loss(outputs.attributes, self._named(rows, outputs.attributes.shape[1]))
            total = total + recipe.titles * terms["titles"]
        if teacher is not None:
            terms["geometry"] = geometry_loss(outputs.features, teacher)
            total = total + recipe.geometry * terms["geometry"]
        if recipe.balance:
            terms["balance"] = balance_loss(outputs.embedding)
            total = total + recipe.balance * terms["balance"]
        return {"loss": total, **terms}

    def begin_epoch(self) -> None:
        """Empty the bank, so that an epoch depends on nothing but the network that it starts with."""
        self._bank.clear()

    def _named(self, rows: Tensor, attributes: int) -> Tensor:
        """Which attributes the titles of `rows` name: bool [N, attributes]."""
        starts, stops = self.title_starts[rows], self.title_starts[rows + 1]
        counts = stops - starts
        which = torch.repeat_interleave(torch.arange(len(rows), device=rows.device), counts)
        first = torch.cumsum(counts, 0) - counts
        places = starts[which] + torch.arange(len(which), device=rows.device) - first[which]
        named = torch.zeros(len(rows), attributes, dtype=torch.bool, device=rows.device)
        named[which, self.titles[places]] = True
        return named

    def _target_term(self, embeddings: Tensor, classes: Tensor) -> Tensor:
        each = [own(embeddings[:, part], classes) for own, part in zip(self.target_code, self._targets, strict=True)]
        return torch.stack(each).mean()

    def _instance_term(self, embeddings: Tensor, products: Tensor) -> Tensor:
        """With a bank: cross-batch memory (Wang et al., "Cross-Batch Memory for Embedding Learning", CVPR 2020)."""
        before = [torch.cat(parts) for parts in zip(*self._bank, strict=True)]
        kept = (before[0], before[1]) if before else (embeddings[:0].detach(), products[:0])
        each = [
            instance_loss(embeddings[:, part], products, self.recipe.temperature, kept[0][:, part], kept[1])
            for part in self._instances
        ]
        if self.recipe.bank:
            self._bank.append((embeddings.detach(), products))
            while sum(len(own) for _, own in self._bank) > max(self.recipe.bank, len(products)):
                self._bank.popleft()
        return torch.stack(each).mean()


def _parts(bits: int, recipe: Recipe) -> tuple[list[slice], list[slice]]:
    """Which bits the target codes and the instance term shape; several parts count alike.

    Nested: Kusupati et al., "Matryoshka Representation Learning", NeurIPS 2022, equation 1.
    """
    if recipe.nested:
        prefixes = [slice(0, max(1, bits // share)) for share in (8, 4, 2, 1)]
        return prefixes, prefixes
    if recipe.target_bits:
        if recipe.target_bits >= bits:
            raise InputError(f"recipe target_bits={recipe.target_bits} leaves no bit of {bits} to the instance term")
        return [slice(0, recipe.target_bits)], [slice(recipe.target_bits, bits)]
    return [slice(0, bits)], [slice(0, bits)]
