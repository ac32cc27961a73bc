"""What is printed on a product: patterns and emblems."""

import numpy as np
from PIL import Image

from twinshot.sample.product import STRIPES

Outline = list[tuple[float, float]]

_STRIPE, _GAP = 0.044, 0.088
"""Thickness of a stripe and distance between stripes, in sides of the picture."""


def pattern_mask(pattern: str, size: tuple[int, int], centre: tuple[float, float], angle: float) -> Image.Image:
    """Where the pattern's ink is, L (0 or 255): stripes run through `centre` (pixels) at `angle` degrees."""
    x, y = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    side = size[0]
    if pattern in STRIPES:
        turn = np.deg2rad(angle)
        across = ((y - centre[1]) * np.cos(turn) - (x - centre[0]) * np.sin(turn)) / side
        number = STRIPES.index(pattern) + 1
        offsets = (np.arange(number) - (number - 1) / 2) * _GAP
        ink = (np.abs(across[..., None] - offsets) < _STRIPE / 2).any(axis=-1)
    elif pattern == "dots":
        column = np.floor(x / side * 9)
        shifted = y / side * 9 + 0.5 * (column % 2)
        ink = np.hypot(x / side * 9 % 1 - 0.5, shifted % 1 - 0.5) < 0.28
    elif pattern == "checks":
        ink = (np.floor(x / side * 10) + np.floor(y / side * 10)) % 2 == 0
    else:
        ink = np.zeros(x.shape, dtype=bool)
    return Image.fromarray(ink.astype(np.uint8) * 255)


def emblem_outline(name: str) -> Outline:
    """The emblem's outline in a circle of radius 1 around (0, 0)."""
    return _EMBLEMS[name]


def _polar(angles: list[float], radii: list[float]) -> Outline:
    return [
        (float(r * np.sin(np.deg2rad(a))), float(-r * np.cos(np.deg2rad(a))))
        for a, r in zip(angles, radii, strict=True)
    ]


def _heart() -> Outline:
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    x = np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def _moon() -> Outline:
    outer = np.linspace(np.deg2rad(50), np.deg2rad(310), 40)
    inner = np.linspace(np.deg2rad(300), np.deg2rad(60), 40)
    points = [(float(np.cos(a)), float(np.sin(a))) for a in outer]
    return points + [(float(0.42 + 0.78 * np.cos(a)), float(0.78 * np.sin(a))) for a in inner]


_EMBLEMS: dict[str, Outline] = {
    "star": _polar([36.0 * i for i in range(10)], [1.05, 0.42] * 5),
    "heart": _heart(),
    "disc": _polar([10.0 * i for i in range(36)], [0.85] * 36),
    "triangle": _polar([0.0, 120.0, 240.0], [1.1] * 3),
    "diamond": _polar([0.0, 90.0, 180.0, 270.0], [1.1, 0.72, 1.1, 0.72]),
    "cross": [
        *((-0.3, -1.0), (0.3, -1.0), (0.3, -0.3), (1.0, -0.3), (1.0, 0.3), (0.3, 0.3)),
        *((0.3, 1.0), (-0.3, 1.0), (-0.3, 0.3), (-1.0, 0.3), (-1.0, -0.3), (-0.3, -0.3)),
    ],
    "moon": _moon(),
    "bolt": [(0.25, -1.1), (-0.7, 0.2), (-0.08, 0.2), (-0.3, 1.1), (0.7, -0.3), (0.08, -0.3)],
}
