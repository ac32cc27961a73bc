"""A reliability diagram: what scores promise against how often they are right."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Curve:
    """The mean score and the share that is right in each bin."""

    name: str
    score: list[float]
    right: list[float]


def draw(curves: list[Curve], title: str, path: Path) -> None:
    """Write an SVG; equal curves give equal bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "twinshot", "font.size": 9}):
        figure = Figure(figsize=(5, 4.6), layout="constrained")
        axes = figure.add_subplot(xlabel="score", ylabel="share that is right", title=title)
        axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--", label="as promised")
        for curve, marker in zip(curves, "osv^D", strict=False):
            axes.plot(curve.score, curve.right, marker=marker, markersize=4, linewidth=1.2, label=curve.name)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.legend(frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None})
