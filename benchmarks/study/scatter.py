"""Recall against time, as one SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MARKS = {"fitted, not trained": ("o", "C0"), "trained": ("*", "C1")}


@dataclass(frozen=True, slots=True)
class Point:
    """A model: milliseconds a photo, and product recall@1; `kind` is one of MARKS."""

    label: str
    ms: float
    recall: float
    kind: str


def draw(panels: Mapping[str, Sequence[Point]], path: Path) -> None:
    """Write an SVG with the panels side by side; equal points give equal bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "twinshot", "font.size": 8}):
        figure = Figure(figsize=(5 * len(panels), 3.8), layout="constrained")
        for place, (title, points) in enumerate(panels.items()):
            axes = figure.add_subplot(1, len(panels), place + 1, xlabel="ms a photo, one thread", ylabel="product R@1")
            for kind, (marker, colour) in MARKS.items():
                own = [point for point in points if point.kind == kind]
                axes.plot(
                    [point.ms for point in own],
                    [point.recall for point in own],
                    marker,
                    color=colour,
                    markersize=6 if marker == "o" else 10,
                    label=kind,
                )
            for number, point in enumerate(sorted(points, key=lambda own: (own.kind, own.ms))):
                # neighbours of about equal recall: every other name below its point
                above = point.kind == "trained" or number % 2 == 0
                axes.annotate(
                    point.label,
                    (point.ms, point.recall),
                    xytext=(0, 7 if above else -15),
                    textcoords="offset points",
                    ha="center",
                )
            axes.set_title(title)
            axes.margins(x=0.3, y=0.15)
            axes.grid(alpha=0.3)
            if any(point.kind == "trained" for point in points):
                axes.legend(frameon=False, loc="upper right")
        figure.savefig(path, format="svg", metadata={"Date": None})
