"""Outlines in the unit square (x to the right, y down), of which the products are drawn."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
"""float64 [n, 2]: x, y in the unit square."""

Role = Literal["body", "trim", "dark", "light", "metal", "shade"]
"""What a part is coloured with: the product's body or trim colour, a fixed tone, or the body's own shade."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A filled outline, or with `width` > 0 (in unit squares) an open line of that thickness."""

    role: Role
    points: Points
    width: float = 0.0


def polygon(role: Role, *points: tuple[float, float]) -> Part:
    """A polygon with straight edges."""
    return Part(role, np.array(points, dtype=np.float64))


def blob(role: Role, *points: tuple[float, float]) -> Part:
    """A closed smooth outline through `points`."""
    return Part(role, _spline(np.array(points, dtype=np.float64), closed=True))


def ellipse(role: Role, x: float, y: float, rx: float, ry: float) -> Part:
    """An ellipse around (x, y)."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return Part(role, np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1))


def slab(role: Role, x0: float, y0: float, x1: float, y1: float, radius: float = 0.02) -> Part:
    """A rectangle with rounded corners."""
    corners = [(x1, y1, 0.0), (x0, y1, 0.5), (x0, y0, 1.0), (x1, y0, 1.5)]
    quarter = np.linspace(0, 0.5, 8)
    points = []
    for x, y, start in corners:
        cx = x - radius if x == x1 else x + radius
        cy = y - radius if y == y1 else y + radius
        turn = (start + quarter) * np.pi
        points.append(np.stack([cx + radius * np.cos(turn), cy + radius * np.sin(turn)], axis=1))
    return Part(role, np.concatenate(points))


def line(role: Role, width: float, *points: tuple[float, float]) -> Part:
    """A smooth open line of the given thickness."""
    return Part(role, _spline(np.array(points, dtype=np.float64), closed=False), width)


def _spline(points: Points, closed: bool, steps: int = 10) -> Points:
    """A uniform Catmull-Rom spline through `points`."""
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.concatenate(pieces if closed else [*pieces, points[-1:]])
