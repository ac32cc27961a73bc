"""Curves of recall side by side, as one SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves over one axis (a power of two or a count): for each name, the recall at each place."""

    title: str
    axis: str
    curves: Mapping[str, Mapping[int, float]]


def draw(panels: Sequence[Panel], path: Path) -> None:
    """Write an SVG with the panels side by side; equal curves give equal bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "twinshot", "font.size": 8}):
        longest = max(len(panel.curves) for panel in panels)
        figure = Figure(figsize=(4 * len(panels), 3.2 + 0.17 * longest), layout="constrained")
        for place, panel in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), place + 1, xlabel=panel.axis, ylabel="product R@1")
            for (name, curve), marker in zip(panel.curves.items(), "osv^D<>p", strict=False):
                axes.plot(list(curve), list(curve.values()), marker=marker, markersize=4, linewidth=1.2, label=name)
            ticks = sorted({place for curve in panel.curves.values() for place in curve})
            axes.set(title=panel.title, xscale="log")
            axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
            axes.minorticks_off()
            axes.grid(alpha=0.3)
            axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.15))
        figure.savefig(path, format="svg", metadata={"Date": None})
