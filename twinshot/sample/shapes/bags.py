"""Bags: backpacks and handbags."""

from twinshot.sample.geometry import ellipse, line, polygon, slab
from twinshot.sample.shapes.shape import Shape

_SCHOOL = Shape(
    "Bags",
    "Backpacks",
    "School backpack",
    parts=(
        line("dark", 0.045, (0.40, 0.14), (0.42, 0.04), (0.58, 0.04), (0.60, 0.14)),
        slab("shade", 0.12, 0.46, 0.30, 0.84, 0.06),
        slab("shade", 0.70, 0.46, 0.88, 0.84, 0.06),
        slab("body", 0.20, 0.10, 0.80, 0.90, 0.16),
        line("trim", 0.025, (0.22, 0.34), (0.35, 0.29), (0.50, 0.275), (0.65, 0.29), (0.78, 0.34)),
    ),
    emblem=(0.50, 0.44, 0.149),
    band=(0.50, 0.73, 0),
    details={
        "front buckle": (slab("dark", 0.46, 0.58, 0.54, 0.88, 0.01), slab("metal", 0.43, 0.66, 0.57, 0.76, 0.02)),
        "side bottle": (slab("trim", 0.83, 0.36, 0.95, 0.80, 0.04), slab("dark", 0.855, 0.31, 0.925, 0.37, 0.01)),
    },
)

_ROLL = Shape(
    "Bags",
    "Backpacks",
    "Roll-top backpack",
    parts=(
        polygon("body", (0.24, 0.22), (0.76, 0.22), (0.80, 0.92), (0.20, 0.92)),
        slab("trim", 0.18, 0.08, 0.82, 0.24, 0.07),
        line("shade", 0.02, (0.20, 0.16), (0.80, 0.16)),
    ),
    emblem=(0.50, 0.42, 0.162),
    band=(0.50, 0.76, 0),
    details={
        "two straps": (slab("dark", 0.29, 0.06, 0.35, 0.92, 0.01), slab("dark", 0.65, 0.06, 0.71, 0.92, 0.01)),
        "side clips": (
            slab("metal", 0.13, 0.10, 0.22, 0.34, 0.02),
            slab("metal", 0.78, 0.10, 0.87, 0.34, 0.02),
        ),
    },
)

_TOTE = Shape(
    "Bags",
    "Handbags",
    "Tote bag",
    parts=(
        line("trim", 0.045, (0.32, 0.40), (0.34, 0.14), (0.50, 0.05), (0.66, 0.14), (0.68, 0.40)),
        polygon("body", (0.12, 0.36), (0.88, 0.36), (0.82, 0.92), (0.18, 0.92)),
        polygon("shade", (0.12, 0.36), (0.88, 0.36), (0.875, 0.40), (0.125, 0.40)),
    ),
    emblem=(0.50, 0.56, 0.162),
    band=(0.50, 0.79, 0),
    details={
        "charm": (line("metal", 0.015, (0.69, 0.38), (0.72, 0.50)), ellipse("dark", 0.73, 0.55, 0.055, 0.06)),
        "corner patches": (
            polygon("trim", (0.155, 0.72), (0.34, 0.92), (0.18, 0.92)),
            polygon("trim", (0.845, 0.72), (0.66, 0.92), (0.82, 0.92)),
        ),
    },
)

_SATCHEL = Shape(
    "Bags",
    "Handbags",
    "Satchel",
    parts=(
        line("trim", 0.035, (0.10, 0.42), (0.16, 0.16), (0.50, 0.07), (0.84, 0.16), (0.90, 0.42)),
        slab("body", 0.07, 0.36, 0.93, 0.86, 0.05),
        polygon("shade", (0.06, 0.34), (0.94, 0.34), (0.90, 0.42), (0.10, 0.42)),
    ),
    emblem=(0.32, 0.60, 0.149),
    band=(0.70, 0.63, 90),
    details={
        "clasp": (slab("dark", 0.44, 0.34, 0.56, 0.62, 0.02), ellipse("metal", 0.50, 0.57, 0.045, 0.045)),
        "tassel": (
            ellipse("dark", 0.90, 0.45, 0.03, 0.03),
            polygon("dark", (0.88, 0.46), (0.92, 0.46), (0.97, 0.68), (0.83, 0.68)),
        ),
    },
)

SHAPES = (_SCHOOL, _ROLL, _TOTE, _SATCHEL)
