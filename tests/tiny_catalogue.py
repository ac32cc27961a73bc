"""A drawn catalogue: products that differ in colours and pattern, photos that differ in light and framing."""

import colorsys
import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from engine.taxonomy import Path3

COLUMNS = ("image", "image_id", "product_id", "meta", "level2", "leaf", "title", "split")


def category_of(product: int) -> Path3:
    """A leaf for every two products, a level 2 for every four, two meta; leaf 9 has the name of its level 2."""
    leaf = "level4" if product // 2 == 9 else f"leaf{product // 2}"
    return f"meta{product // 4 % 2}", f"level{product // 4}", leaf


def draw(product: int, photo: int, side: int = 96) -> Image.Image:
    """Photo number `photo` of a product; equal numbers give equal pixels."""
    own = np.random.default_rng(product)
    back, front = (_colour(own.random(), light) for light in (0.85, 0.45))
    shape, angle = int(own.integers(3)), float(own.random() * 360)
    view = np.random.default_rng((product, photo))
    light, shift = 0.85 + 0.3 * view.random(), view.integers(-6, 7, size=2)
    image = Image.new("RGB", (side, side), back)
    pen = ImageDraw.Draw(image)
    box = [side * 0.2 + shift[0], side * 0.2 + shift[1], side * 0.8 + shift[0], side * 0.8 + shift[1]]
    if shape == 0:
        pen.ellipse(box, fill=front)
    elif shape == 1:
        pen.rectangle(box, fill=front)
    else:
        pen.pieslice(box, angle, angle + 250, fill=front)
    noisy = np.asarray(image, dtype=np.float32) * light + view.normal(0, 4, (side, side, 3))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def write_catalogue(
    folder: Path, products: int = 20, photos: int = 3, queries: int = 1, split: str = "test", first: int = 0
) -> Path:
    """Write photos and catalogue.csv to `folder` and return the CSV.

    Products P00, P01, … with `photos` indexed photos (image ids P00-0, …) and `queries` more of `split` (P00-q0, …).
    """
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    path = folder / "catalogue.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for product in range(first, first + products):
            meta, level2, leaf = category_of(product)
            for photo in range(photos + queries):
                asked = photo >= photos
                image_id = f"P{product:02}-{'q' if asked else ''}{photo - photos if asked else photo}"
                draw(product, photo).save(folder / "photos" / f"{image_id}.jpg", quality=90)
                own = split if asked else "train"
                title = f"Drawn product {product}"
                rows.writerow([f"photos/{image_id}.jpg", image_id, f"P{product:02}", meta, level2, leaf, title, own])
    return path


def _colour(hue: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.7, value)
    return int(red * 255), int(green * 255), int(blue * 255)
