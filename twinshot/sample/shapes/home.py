"""Home: lights and decoration."""

from twinshot.sample.geometry import blob, ellipse, line, polygon, slab
from twinshot.sample.shapes.shape import Shape

_LAMP = Shape(
    "Home",
    "Lights",
    "Table lamp",
    parts=(
        slab("trim", 0.46, 0.50, 0.54, 0.86, 0.02),
        polygon("body", (0.32, 0.08), (0.68, 0.08), (0.86, 0.56), (0.14, 0.56)),
        slab("trim", 0.28, 0.84, 0.72, 0.92, 0.035),
    ),
    emblem=(0.50, 0.24, 0.141),
    band=(0.50, 0.44, 0),
    details={
        "pull chain": (line("metal", 0.018, (0.68, 0.56), (0.68, 0.70)), ellipse("dark", 0.68, 0.73, 0.035, 0.035)),
        "base ball": (ellipse("dark", 0.50, 0.72, 0.085, 0.085),),
    },
)

_LANTERN = Shape(
    "Home",
    "Lights",
    "Lantern",
    parts=(
        line("metal", 0.03, (0.28, 0.24), (0.34, 0.06), (0.50, 0.02), (0.66, 0.06), (0.72, 0.24)),
        polygon("trim", (0.38, 0.12), (0.62, 0.12), (0.74, 0.26), (0.26, 0.26)),
        slab("body", 0.25, 0.25, 0.75, 0.83, 0.03),
        slab("trim", 0.20, 0.80, 0.80, 0.91, 0.03),
    ),
    emblem=(0.50, 0.42, 0.156),
    band=(0.50, 0.68, 0),
    details={
        "corner posts": (slab("dark", 0.225, 0.25, 0.285, 0.82, 0.01), slab("dark", 0.715, 0.25, 0.775, 0.82, 0.01)),
        "top knob": (ellipse("dark", 0.50, 0.11, 0.075, 0.055),),
    },
)

_VASE = Shape(
    "Home",
    "Decoration",
    "Vase",
    parts=(
        blob(
            "body",
            *((0.40, 0.08), (0.50, 0.10), (0.60, 0.08), (0.58, 0.24), (0.66, 0.38), (0.78, 0.58), (0.68, 0.84)),
            *((0.58, 0.92), (0.42, 0.92), (0.32, 0.84), (0.22, 0.58), (0.34, 0.38), (0.42, 0.24)),
        ),
        ellipse("trim", 0.50, 0.085, 0.13, 0.035),
    ),
    emblem=(0.50, 0.53, 0.162),
    band=(0.50, 0.75, 0),
    details={
        "neck ring": (slab("dark", 0.40, 0.22, 0.60, 0.28, 0.02),),
        "ears": (
            line("trim", 0.04, (0.42, 0.20), (0.24, 0.20), (0.22, 0.36), (0.33, 0.42)),
            line("trim", 0.04, (0.58, 0.20), (0.76, 0.20), (0.78, 0.36), (0.67, 0.42)),
        ),
    },
)

_CUSHION = Shape(
    "Home",
    "Decoration",
    "Cushion",
    parts=(
        blob(
            "body",
            *((0.08, 0.14), (0.30, 0.17), (0.50, 0.16), (0.70, 0.17), (0.92, 0.14), (0.89, 0.34), (0.90, 0.52)),
            *((0.89, 0.70), (0.92, 0.88), (0.70, 0.86), (0.50, 0.87), (0.30, 0.86), (0.08, 0.88), (0.11, 0.70)),
            *((0.10, 0.52), (0.11, 0.34)),
        ),
    ),
    emblem=(0.50, 0.42, 0.189),
    band=(0.50, 0.70, 0),
    details={
        "tassels": tuple(ellipse("trim", x, y, 0.065, 0.065) for x in (0.08, 0.92) for y in (0.13, 0.88)),
        "buttons": tuple(ellipse("dark", x, 0.24, 0.03, 0.03) for x in (0.26, 0.50, 0.74)),
    },
)

SHAPES = (_LAMP, _LANTERN, _VASE, _CUSHION)
