"""A catalogue of a few small drawn photos, and settings that train on it in seconds."""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from engine.catalogue.row import Row
from engine.taxonomy import Path3
from model_export.export import Exported
from model_export.recipe import Recipe
from model_export.settings import Settings
from model_export.train import Trained


def make_row(
    number: int = 1, product: str | None = None, category: Path3 = (None, None, None), split: str | None = None
) -> Row:
    return Row(f"{number}.png", f"i{number}", product, category, None, split, None, "catalogue.csv", number)


def draw(product: int, photo: int) -> bytes:
    """A shape whose colour and outline belong to the product, somewhere on a ground that belongs to the photo."""
    rng = np.random.default_rng((product, photo))
    image = Image.new("RGB", (64, 56), tuple(int(v) for v in rng.integers(0, 120, 3)))
    colour = (80 + 25 * product % 170, 40 + 90 * product % 200, 255 - 60 * product % 200)
    x, y = rng.integers(4, 20, 2)
    shape = (int(x), int(y), int(x) + 34, int(y) + 28)
    pen = ImageDraw.Draw(image)
    pen.ellipse(shape, fill=colour) if product % 2 else pen.rectangle(shape, fill=colour)
    data = BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


@dataclass
class Drawn:
    """Rows, their photos, and which of them were read."""

    rows: list[Row]
    photos: dict[str, bytes]
    read_ids: list[str] = field(default_factory=list)

    def read(self, row: Row) -> bytes:
        self.read_ids.append(row.image_id)
        return self.photos[row.image]


def draw_catalogue(labelled: bool = True, splits: bool = True) -> Drawn:
    """10 products of 6 photos; with `splits` the last three of a product are of val, test and query."""
    rows: list[Row] = []
    photos: dict[str, bytes] = {}
    for product in range(10):
        category: Path3 = (f"m{product % 2}", f"l{product % 4}", f"f{product % 5}") if labelled else (None, None, None)
        for photo in range(6):
            number = len(rows) + 1
            split = [None, "train", "train", "val", "test", "query"][photo] if splits else None
            rows.append(make_row(number, f"p{product}" if labelled else None, category, split))
            photos[f"{number}.png"] = draw(product, photo)
    return Drawn(rows, photos)


def make_settings(epochs: int = 2, **changes: Any) -> Settings:
    values: dict[str, Any] = {"bits": 64, "seed": 5, "size": 64, "projection": "pca", "threads": 1, "weights": "none"}
    values |= {"precision": "float32", "compile": False}
    overrides = {"epochs": epochs, "batch": 8, **changes.pop("recipe", {})}
    values |= {"backbone": "test_efficientnet", "device": torch.device("cpu")} | changes
    return Settings(recipe=Recipe.for_weights(values["weights"], overrides), **values)


@dataclass
class Made:
    """A finished run and its export."""

    catalogue: Drawn
    settings: Settings
    run: Path
    trained: Trained
    model: Path
    exported: Exported
