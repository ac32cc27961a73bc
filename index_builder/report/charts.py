"""Charts as plain numbers in the pixels of an SVG; the template draws them, and the page's CSS colours them.

Small enough (lines, bars, straight scales) to be written by hand: so they follow the reader's light or dark, their text
is text, and the image that serves and compacts carries no plotting library.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from index_builder.report.missing import Section

WIDTH, HEIGHT = 440, 270
LEFT, RIGHT, TOP, BOTTOM = 48, 14, 12, 42

KINDS = {
    "float": "float: the embedding, uncut",
    "bits": "bits: by distance alone",
    "bits_rescored": "bits, rescored: as /search answers",
    "bits_rescored_same_queries": "bits, rescored, on the queries asked in float",
}
SERIES = {
    "nearest_same_product": "the nearest photo of the same product",
    "same_product": "every photo of the same product",
    "best_other_product": "the best answer that is another product",
    "any_other_product": "any other product",
}


class Tick(NamedTuple):
    """A mark of an axis."""

    at: float
    text: str


class Bar(NamedTuple):
    """A filled rectangle; `kind` is its colour."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """Straight between `points`, with a mark at each where `marked`."""

    kind: str
    name: str
    points: list[tuple[float, float]]
    marked: bool = False

    @property
    def path(self) -> str:
        """As an SVG polyline has it."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to pixels: x to the right, y upwards."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        """The pixel of a value across."""
        return LEFT + (value - self.x_low) / (self.x_high - self.x_low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """The pixel of a value upwards."""
        return HEIGHT - BOTTOM - (value - self.y_low) / (self.y_high - self.y_low) * (HEIGHT - TOP - BOTTOM)

    def line(self, kind: str, name: str, xs: Sequence[float], ys: Sequence[float], marked: bool = False) -> Line:
        """A line through values."""
        return Line(kind, name, [(self.x(x), self.y(y)) for x, y in zip(xs, ys, strict=True)], marked)


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing; `title` says what it shows to those who do not see it."""

    title: str
    x_label: str
    y_label: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    lines: list[Line] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    legend: list[tuple[str, str]] = field(default_factory=list)
    """Kind and name of what is in it."""
    rule: Tick | None = None
    """An upright line with its text."""


def recall_chart(section: Section) -> Chart:
    """Recall of products over how many are looked at."""
    kinds = [own for own in section["kinds"] if own["name"] != "bits_rescored_same_queries"]
    lowest = min(min(own["recall_at_k"]) for own in kinds)
    low = min(int(lowest * 10) / 10, 0.9)
    step = _step(1 - low)
    scale = Scale(1, 10, low, 1)
    places = range(1, 11)
    lines = [scale.line(own["name"], KINDS[own["name"]], places, own["recall_at_k"], marked=True) for own in kinds]
    return Chart(
        title="Share of queries whose product is among the first k, for k from 1 to 10",
        x_label="k, the number of products looked at",
        y_label="recall@k",
        x_ticks=[Tick(scale.x(k), str(k)) for k in places],
        y_ticks=[
            Tick(scale.y(1 - part * step), f"{1 - part * step:.2f}") for part in range(round((1 - low) / step) + 1)
        ],
        lines=lines,
        legend=[(own.kind, own.name) for own in lines],
    )


def reliability_chart(section: Section) -> Chart:
    """What scores promise against how often they are right."""
    scale = Scale(0, 1, 0, 1)
    bins = section["bins"]
    promised = scale.line("promised", "as promised", [0, 1], [0, 1])
    found = scale.line(
        "found", "as it was", [own["score"] for own in bins], [own["right"] for own in bins], marked=True
    )
    return Chart(
        title="Share of answers that were right, over their score, in ten bins with as many answers each",
        x_label="score",
        y_label="share that is right",
        x_ticks=_fifths(scale.x),
        y_ticks=_fifths(scale.y),
        lines=[promised, found],
        legend=[(own.kind, own.name) for own in (promised, found)],
    )


def score_chart(section: Section) -> Chart:
    """How many answers have which score."""
    right, wrong = section["histogram"]["right"], section["histogram"]["wrong"]
    highest = max(a + b for a, b in zip(right, wrong, strict=True))
    step = _step(highest)
    steps = -(-highest // step)
    scale = Scale(0, 1, 0, steps * step)
    width = 1 / len(right)
    bars = []
    for number, (good, bad) in enumerate(zip(right, wrong, strict=True)):
        left, across = scale.x(number * width) + 1, scale.x(width) - scale.x(0) - 2
        bars.append(Bar("right", left, scale.y(good), across, scale.y(0) - scale.y(good)))
        bars.append(Bar("wrong", left, scale.y(good + bad), across, scale.y(good) - scale.y(good + bad)))
    return Chart(
        title="Number of answers over their score, those that were right below, wrong ones above",
        x_label="score",
        y_label="answers",
        x_ticks=_fifths(scale.x),
        y_ticks=[Tick(scale.y(part * step), f"{part * step:,.0f}") for part in range(int(steps) + 1)],
        bars=bars,
        legend=[("right", "right"), ("wrong", "wrong")],
        rule=_least(section["min_score"], scale),
    )


def threshold_chart(section: Section) -> Chart:
    """Precision and recall over the threshold."""
    scale = Scale(0, 1, 0, 1)
    known = [own for own in section["thresholds"] if own["precision"] is not None]
    lines = [
        scale.line("precision", "precision", [own["threshold"] for own in known], [own["precision"] for own in known]),
        scale.line(
            "recall",
            "recall",
            [own["threshold"] for own in section["thresholds"]],
            [own["recall"] for own in section["thresholds"]],
        ),
    ]
    return Chart(
        title="Precision and recall of what is called the same product, over the least score for that",
        x_label="least score (min_score)",
        y_label="share",
        x_ticks=_fifths(scale.x),
        y_ticks=_fifths(scale.y),
        lines=lines,
        legend=[(own.kind, own.name) for own in lines],
        rule=_least(section["min_score"], scale),
    )


def distance_chart(section: Section) -> Chart:
    """Shares of pairs over their distance."""
    width = section["width"]
    shares = {
        own["name"]: [count / own["pairs"] for count in own["counts"]] for own in section["series"] if own["pairs"]
    }
    furthest = max(len(own) for own in shares.values()) * width
    top = max(max(own) for own in shares.values())
    across, up = _step(furthest), _step(top)
    scale = Scale(0, furthest, 0, top)
    lines = []
    for name, values in shares.items():
        edges = [edge for number in range(len(values)) for edge in (number * width, (number + 1) * width)]
        heights = [value for value in values for _ in range(2)]
        lines.append(scale.line(name, SERIES[name], [0, *edges, edges[-1]], [0, *heights, 0]))
    return Chart(
        title="Share of pairs of photos over their distance in bits",
        x_label=f"distance, bits that differ of {section['bits']:,}",
        y_label="share of pairs",
        x_ticks=[Tick(scale.x(part * across), f"{part * across:.0f}") for part in range(int(furthest / across) + 1)],
        y_ticks=[Tick(scale.y(part * up), f"{part * up:.0%}") for part in range(int(top / up) + 1)],
        lines=lines,
        legend=[(own.kind, own.name) for own in lines],
    )


def _fifths(pixel: Callable[[float], float]) -> list[Tick]:
    """The marks of a share from 0 to 1."""
    return [Tick(pixel(fifth / 5), f"{fifth / 5:.1f}") for fifth in range(6)]


def _least(min_score: float, scale: Scale) -> Tick:
    """The recommended threshold, upright."""
    return Tick(scale.x(min_score), f"{min_score:.2f}")


def _step(length: float) -> float:
    """A round number that goes into `length` three to six times."""
    power = 10.0 ** math.floor(math.log10(length))
    return next(part * power for part in (0.2, 0.5, 1, 2) if length <= 6 * part * power)
