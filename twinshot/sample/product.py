"""One product of the sample: a shape, and the few choices in which products of that shape differ."""

from dataclasses import dataclass
from typing import Literal

from twinshot.sample.shapes.shape import Shape

Colour = tuple[int, int, int]
Role = Literal["seen", "trained", "unseen", "stranger"]
"""seen: trained on and queried; trained: trained on, its held-out photos steer training; unseen: indexed and queried,
never trained on; stranger: queried, not in the index."""

PALETTE: dict[str, Colour] = {
    "red": (196, 52, 48),
    "orange": (230, 126, 44),
    "mustard": (222, 184, 62),
    "green": (66, 132, 78),
    "sky blue": (104, 170, 214),
    "navy": (46, 62, 124),
    "purple": (124, 78, 152),
    "pink": (232, 150, 172),
}
"""Body colours, shared by all leaves."""
ACCENTS: dict[str, Colour] = {"white": (244, 242, 236), "black": (40, 38, 42), "yellow": (246, 214, 70)}
"""Colours of patterns and emblems."""
TRIMS: dict[str, Colour] = {"cream": (236, 226, 200), "brown": (118, 80, 52), "grey": (134, 140, 148)}

PATTERNS = ("plain", "one stripe", "two stripes", "three stripes", "dots", "checks")
STRIPES = PATTERNS[1:4]
EMBLEMS = ("star", "heart", "disc", "triangle", "diamond", "cross", "moon", "bolt")


@dataclass(frozen=True, slots=True)
class Design:
    """What is drawn."""

    shape: Shape
    colour: str
    accent: str
    trim: str
    pattern: str
    emblem: str | None
    detail: str | None

    @property
    def title(self) -> str:
        """As a shop would write it: `Red low sneaker, two white stripes, star, toe cap`."""
        name = f"{self.colour} {self.shape.leaf}".capitalize()
        counted = self.pattern.split(" ")
        pattern = "plain" if self.pattern == "plain" else " ".join([*counted[:-1], self.accent, counted[-1]])
        emblem = f"{self.accent} {self.emblem}" if self.emblem else None
        return ", ".join(filter(None, (name, pattern, emblem, f"{self.trim} trim", self.detail)))

    def differences(self, other: "Design") -> int:
        """How many of the choices differ."""
        names = ("shape", "colour", "accent", "trim", "pattern", "emblem", "detail")
        return sum(getattr(self, name) != getattr(other, name) for name in names)


@dataclass(frozen=True, slots=True)
class Product:
    """A design with its id and its part in the demo."""

    id: str
    design: Design
    role: Role
    twin: str | None
    """The id of the product that differs in one detail."""
    number: int
    """Its place in the plan: seeds its photos."""
