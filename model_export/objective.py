"""The training objective: the weighted sum of the terms in `losses/`, over the rows of one catalogue."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.catalogue.row import Row
from engine.taxonomy import Taxonomy
from model_export.losses.balance import balance_loss
from model_export.losses.geometry import geometry_loss
from model_export.losses.hierarchy import HierarchyLoss
from model_export.losses.instance import instance_loss
from model_export.losses.target_code import TargetCodeLoss, target_codes
from model_export.network import Outputs
from model_export.recipe import Recipe


class Objective(nn.Module):
    """Knows the labels of every training row. A term with weight 0, or without any label, is not computed."""

    levels: Tensor
    """int64 [rows, 3]"""
    classes: Tensor
    """int64 [rows]"""
    products: Tensor
    """int64 [rows]"""

    def __init__(self, rows: Sequence[Row], taxonomy: Taxonomy, bits: int, recipe: Recipe, seed: int) -> None:
        super().__init__()
        self.recipe = recipe
        index = {path: i for i, path in enumerate(taxonomy.classes)}
        numbers = {name: i for i, name in enumerate(sorted({row.product for row in rows}))}
        paths = [row.category for row in rows]
        self.hierarchy = HierarchyLoss(taxonomy, paths, recipe.label_smoothing) if index else None
        codes = target_codes(taxonomy.classes, bits, seed, recipe.kinship)
        self.target_code = TargetCodeLoss(codes, recipe.margin, recipe.scale) if index else None
        levels = (
            torch.zeros(len(rows), 0, dtype=torch.int64) if self.hierarchy is None else self.hierarchy.labels(paths)
        )
        self.register_buffer("levels", levels, persistent=False)
        self.register_buffer("classes", torch.tensor([index.get(path, -1) for path in paths]), persistent=False)
        self.register_buffer("products", torch.tensor([numbers[row.product] for row in rows]), persistent=False)

    def forward(self, outputs: Outputs, rows: Tensor, teacher: Tensor | None = None) -> dict[str, Tensor]:
        """rows: int64 [N], the rows that the outputs belong to; teacher: float [N, F], the frozen network's features.

        Returns `loss` and each term before its weight.
        """
        recipe, terms, total = self.recipe, {}, outputs.embedding.float().sum() * 0.0
        if self.hierarchy is not None and recipe.hierarchy:
            terms["hierarchy"] = self.hierarchy(outputs.logits, self.levels[rows])
            total = total + recipe.hierarchy * terms["hierarchy"]
        if self.target_code is not None and recipe.target_code:
            terms["target_code"] = self.target_code(outputs.embedding, self.classes[rows])
            total = total + recipe.target_code * terms["target_code"]
        if recipe.instance:
            terms["instance"] = instance_loss(outputs.embedding, self.products[rows], recipe.temperature)
            total = total + recipe.instance * terms["instance"]
        if teacher is not None:
            terms["geometry"] = geometry_loss(outputs.features, teacher)
            total = total + recipe.geometry * terms["geometry"]
        if recipe.balance:
            terms["balance"] = balance_loss(outputs.embedding)
            total = total + recipe.balance * terms["balance"]
        return {"loss": total, **terms}
