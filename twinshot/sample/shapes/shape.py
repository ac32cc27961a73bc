"""What a leaf category looks like."""

from dataclasses import dataclass

from twinshot.sample.geometry import Part


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A leaf's outline, and the places where its products differ from each other."""

    meta: str
    level2: str
    leaf: str
    parts: tuple[Part, ...]
    """Painted in this order; the pattern covers the body parts."""
    emblem: tuple[float, float, float]
    """Centre and radius of the emblem."""
    band: tuple[float, float, float]
    """A point that the middle stripe runs through, and the stripes' angle in degrees."""
    details: dict[str, tuple[Part, ...]]
    """Extras that a product of this leaf may have, by name: painted over the rest."""
