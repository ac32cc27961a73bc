"""Kitchen: things to drink from and things to cook with."""

from twinshot.sample.geometry import blob, ellipse, line, polygon, slab
from twinshot.sample.shapes.shape import Shape

_MUG = Shape(
    "Kitchen",
    "Drinkware",
    "Mug",
    parts=(
        line("body", 0.055, (0.66, 0.36), (0.84, 0.34), (0.90, 0.50), (0.82, 0.66), (0.66, 0.66)),
        slab("body", 0.16, 0.22, 0.70, 0.82, 0.07),
        ellipse("light", 0.43, 0.24, 0.27, 0.055),
        ellipse("dark", 0.43, 0.25, 0.23, 0.038),
    ),
    emblem=(0.43, 0.50, 0.162),
    band=(0.43, 0.72, 0),
    details={
        "lid": (ellipse("dark", 0.43, 0.13, 0.05, 0.045), slab("dark", 0.12, 0.165, 0.74, 0.275, 0.04)),
        "tea bag tag": (line("light", 0.02, (0.24, 0.26), (0.22, 0.38)), slab("light", 0.15, 0.37, 0.28, 0.53, 0.01)),
    },
)

_CUP = Shape(
    "Kitchen",
    "Drinkware",
    "Travel cup",
    parts=(
        polygon("body", (0.27, 0.20), (0.73, 0.20), (0.66, 0.92), (0.34, 0.92)),
        slab("trim", 0.23, 0.12, 0.77, 0.21, 0.03),
        polygon("trim", (0.29, 0.06), (0.71, 0.06), (0.74, 0.13), (0.26, 0.13)),
    ),
    emblem=(0.50, 0.40, 0.162),
    band=(0.50, 0.78, 0),
    details={
        "sleeve": (polygon("dark", (0.295, 0.54), (0.705, 0.54), (0.69, 0.66), (0.31, 0.66)),),
        "straw": (line("dark", 0.035, (0.56, 0.10), (0.61, -0.03), (0.72, -0.04)),),
    },
)

_SAUCEPAN = Shape(
    "Kitchen",
    "Cookware",
    "Saucepan",
    parts=(
        line("dark", 0.06, (0.62, 0.46), (0.80, 0.41), (0.97, 0.38)),
        slab("body", 0.06, 0.40, 0.66, 0.80, 0.06),
        blob("trim", (0.04, 0.41), (0.16, 0.33), (0.36, 0.30), (0.56, 0.33), (0.68, 0.41), (0.36, 0.43)),
        ellipse("dark", 0.36, 0.27, 0.05, 0.045),
    ),
    emblem=(0.24, 0.60, 0.141),
    band=(0.50, 0.60, 90),
    details={
        "side handle": (line("dark", 0.04, (0.07, 0.48), (-0.03, 0.50), (-0.03, 0.60), (0.07, 0.60)),),
        "hanging ring": (ellipse("metal", 0.95, 0.385, 0.05, 0.065), ellipse("dark", 0.95, 0.385, 0.022, 0.03)),
    },
)

_TEAPOT = Shape(
    "Kitchen",
    "Cookware",
    "Teapot",
    parts=(
        line("body", 0.05, (0.26, 0.40), (0.09, 0.38), (0.06, 0.55), (0.14, 0.68), (0.28, 0.70)),
        blob("body", (0.72, 0.50), (0.84, 0.42), (0.90, 0.28), (0.98, 0.29), (0.92, 0.50), (0.74, 0.72)),
        ellipse("body", 0.50, 0.58, 0.30, 0.27),
        blob("trim", (0.32, 0.36), (0.42, 0.27), (0.50, 0.25), (0.58, 0.27), (0.68, 0.36), (0.50, 0.39)),
        ellipse("dark", 0.50, 0.215, 0.045, 0.045),
        slab("trim", 0.34, 0.82, 0.66, 0.87, 0.02),
    ),
    emblem=(0.42, 0.56, 0.156),
    band=(0.65, 0.58, 90),
    details={
        "bow": (
            polygon("dark", (0.50, 0.38), (0.33, 0.27), (0.33, 0.49)),
            polygon("dark", (0.50, 0.38), (0.67, 0.27), (0.67, 0.49)),
        ),
        "spout tip": (blob("trim", (0.87, 0.27), (0.94, 0.25), (1.00, 0.28), (0.97, 0.38), (0.88, 0.36)),),
    },
)

SHAPES = (_MUG, _CUP, _SAUCEPAN, _TEAPOT)
