"""The pictures of docs/serving.md, drawn from the figures of a result: python -m benchmarks.serve.plots [RESULT.json].

Equal figures give equal bytes.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.result import PROJECT, RESULTS, Result
from benchmarks.serve.bare import STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOCS = PROJECT / "docs"
COLOURS = dict(zip((*STAGES, "around"), ("C7", "C0", "C2", "C1", "C4", "0.78"), strict=True))
AROUND = "around"
"""What the service spends on a photo besides the stages."""


def draw(figures: dict[str, Any], folder: Path = DOCS) -> list[Path]:
    """The pictures of those parts whose figures are there."""
    drawn = []
    for part, (name, size, picture) in PICTURES.items():
        if part in figures:
            drawn.append(_saved(folder / name, size, picture, figures[part]))
    return drawn


def offered_load(figures: dict[str, Any], axes: "Axes") -> None:
    """Latency against offered load, beside a queue that is served in order (part `queue`)."""
    from matplotlib.ticker import LogLocator

    shares = sorted((own for own in figures if own.replace(".", "").isdigit()), key=float)
    x = [float(own) * 100 for own in shares]
    fifo = [own for own in shares if "fifo_p50_ms" in figures[own]]
    for q, marker, colour in ((99, "s", "C3"), (50, "o", "C0")):
        axes.plot(x, [figures[own][f"p{q}_ms"] for own in shares], marker=marker, color=colour, label=f"p{q}")
        axes.plot(
            [float(own) * 100 for own in fifo], [figures[own][f"fifo_p{q}_ms"] for own in fifo],
            linestyle=":", color=colour, label=f"p{q} of a simulated queue",
        )  # fmt: skip
    axes.axvline(100, color="0.8", linewidth=0.8, zorder=0)
    axes.annotate("capacity", (100, 0.02), xycoords=("data", "axes fraction"), ha="right", rotation=90, color="0.5")
    for own in shares:
        statuses = figures[own]["statuses"]
        if refused := statuses.get("429", 0):
            share = refused / sum(statuses.values())
            place = (float(own) * 100, figures[own]["p50_ms"])
            axes.annotate(f"{share:.0%} refused", place, (0, 7), textcoords="offset points", ha="center", color="0.4")
    axes.set(xscale="log", yscale="log", xlabel="offered load, % of capacity", ylabel="ms, of accepted photos")
    axes.set_xticks(x, [f"{own:g}" for own in x])
    axes.minorticks_off()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(axis="y", color="0.93", linewidth=0.6)
    axes.margins(0.12)
    axes.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))


def by_stage(figures: dict[str, Any], axes: "Axes") -> None:
    """Processor time of a photo of the mix by stage, bare and in the service with eight callers (part `uncached`)."""
    stages = {stage: figures["bare"]["stages_ms"][stage] for stage in STAGES}
    bare, served = sum(stages.values()), figures["closed"]["8"]["cpu_ms"]
    # what the bars share is what was measured bare: the rest is the service's, whatever it spends it on
    served_stages = stages | {AROUND: max(served - figures["bare"]["cpu_ms"], 0.0)}
    names = {AROUND: "all else: HTTP, queue, cache"}
    for place, own in ((1, stages), (0, served_stages)):
        start = 0.0
        for stage, ms in own.items():
            axes.barh(place, ms, left=start, height=0.55, color=COLOURS[stage])
            if ms > bare / 25:
                axes.text(start + ms / 2, place, f"{ms:.1f}", ha="center", va="center", fontsize=8)
            start += ms
    for stage in served_stages:
        axes.barh(0, 0, color=COLOURS[stage], label=names.get(stage, stage))
    axes.set_yticks([1, 0], ["bare functions", "the service,\n8 callers"])
    axes.set(xlabel="processor ms a photo", ylim=(-0.5, 1.5))
    axes.legend(frameon=False, ncols=6, loc="lower center", bbox_to_anchor=(0.5, 1), columnspacing=1.2, handlelength=1)


def against_rows(figures: dict[str, Any], axes: "Axes") -> None:
    """Time of the bare path by stage against the rows of the shop, lying on one another (part `curve`)."""
    rows = sorted(figures, key=int)
    x = [int(own) / 1e6 for own in rows]
    order = ("hash", "decode", "encode", "rank", "search")
    layers = [[figures[own]["stages_ms"][stage] for own in rows] for stage in order]
    axes.stackplot(x, *layers, labels=order, colors=[COLOURS[stage] for stage in order], alpha=0.85)
    total = [sum(own) for own in zip(*layers, strict=True)]
    axes.plot(x, total, "o", color="0.2", markersize=4)
    for place, ms in zip(x, total, strict=True):
        side = "left" if place == x[0] else "center"  # the first lies on the axis
        axes.annotate(f"{ms:.1f}", (place, ms), (0, 5), textcoords="offset points", ha=side, fontsize=8)
    axes.set(xlabel="million rows", ylabel="ms a photo, one core", ylim=(0, max(total) * 1.12), xlim=(0, max(x) * 1.03))
    axes.set_xticks(x, [f"{own:g}" for own in x])
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], frameon=False, loc="upper left")


Picture = Callable[[dict[str, Any], "Axes"], None]
PICTURES: dict[str, tuple[str, tuple[float, float], Picture]] = {
    "queue": ("serving-load.svg", (6.4, 4.2), offered_load),
    "uncached": ("serving-stages.svg", (7.2, 2.1), by_stage),
    "curve": ("serving-rows.svg", (6.4, 4.0), against_rows),
}


def _saved(path: Path, size: tuple[float, float], picture: Picture, figures: dict[str, Any]) -> Path:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "twinshot", "font.size": 9}):
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        picture(figures, axes)
        figure.savefig(path, format=path.suffix[1:], metadata={"Date": None} if path.suffix == ".svg" else None)
    return path


if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS / "serving.json"
    draw(Result.model_validate_json(source.read_bytes()).figures)
