"""Lines of the study's tables and pictures: what a cell gives over its folds, against another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.study.figures import Marks, Pooled
from index_builder.bootstrap import Interval, paired_interval

RESCORED = "bits_rescored"


@dataclass(frozen=True, slots=True)
class Line:
    """Product R@1 of rescored bits: of leaves the model never saw (also in float), of leaves it did, of packages of
    unseen leaves against the clean pictures; AUROC of strangers; the difference to what it is compared with, unseen.
    """

    name: str
    seeds: int
    unseen: float
    unseen_float: float
    seen: float
    packages: float
    auroc: float
    difference: Interval
    away: Mapping[str, float]
    """The same share where the model was trained on other things, as far as it was looked at."""

    @property
    def label(self) -> str:
        """For people."""
        return label(self.name) if self.seeds == 1 else f"{label(self.name)} ({self.seeds} seeds)"

    @classmethod
    def of(cls, own: Pooled, base: Marks, away: Mapping[str, float] = MappingProxyType({})) -> "Line":
        """From the files of one cell; `base`: 1 or 0 for each unseen query of the same folds, by another."""
        return cls(
            own.name,
            own.seeds,
            float(own.marks("unseen", RESCORED).mean()),
            float(own.marks("unseen", "float").mean()),
            float(own.marks("seen", RESCORED).mean()),
            float(own.marks("packages", RESCORED).mean()),
            own.auroc,
            paired_interval(own.marks("unseen", RESCORED), base),
            away,
        )

    def as_json(self) -> dict[str, Any]:
        """For the result's file."""
        values = (self.unseen, self.unseen_float, self.seen, self.packages, self.auroc)
        names = ("unseen", "unseen_float", "seen", "packages_unseen", "no_match_auroc")
        figures: dict[str, Any] = {name: round(value, 4) for name, value in zip(names, values, strict=True)}
        own = self.difference
        figures |= {name: round(value, 4) for name, value in self.away.items()}
        return figures | {"difference": [round(value, 4) for value in (own.mean, own.low, own.high)], "n": own.n}


def markdown(lines: Sequence[Line], against: str) -> str:
    """A table, best on unseen products first; `against`: what the difference is to, in words."""
    rows = [
        f"| variant | unseen | − {against} (95 % interval) | unseen, float | seen | packages, unseen | no match |",
        "|---|---|---|---|---|---|---|",
    ]
    for own in sorted(lines, key=lambda line: -line.unseen):
        gap = own.difference
        difference = "" if gap.low == gap.high == 0 else f"{gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"
        figures = " | ".join(f"{value:.3f}" for value in (own.unseen_float, own.seen, own.packages, own.auroc))
        rows.append(f"| {own.label} | {own.unseen:.3f} | {difference} | {figures} |")
    return "\n".join(rows) + "\n"


def plot(lines: Sequence[Line], against: str, path: Path) -> None:
    """A line for each variant, the best on unseen products on top, as an SVG; equal lines give equal bytes.

    `against` names what the differences are taken from, as in the table.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    ordered = sorted(lines, key=lambda line: line.unseen)
    reference = ordered[0].unseen - ordered[0].difference.mean
    with mpl.rc_context({"svg.hashsalt": "twinshot", "font.size": 8}):
        figure = Figure(figsize=(7.5, 1.2 + 0.19 * len(lines)), layout="constrained")
        axes = figure.add_subplot(xlabel="product R@1 of 512 bits, rescored")
        places = range(len(ordered))
        axes.axvline(reference, color="0.7", linewidth=0.8, label=f"{against}, unseen leaves")
        axes.hlines(
            places,
            [reference + own.difference.low for own in ordered],
            [reference + own.difference.high for own in ordered],
            color="C0",
            linewidth=1,
        )
        axes.plot([own.unseen for own in ordered], places, "o", color="C0", markersize=4, label="unseen leaves")
        axes.plot([own.seen for own in ordered], places, "s", color="C1", markersize=4, label="seen leaves")
        kept = [own.packages for own in ordered]
        axes.plot(kept, places, "^", color="C2", markersize=4, label="packages → clean pictures, unseen")
        axes.set_yticks(places, [own.label for own in ordered])
        axes.set_ylim(-0.6, len(ordered) - 0.4)
        axes.grid(axis="y", color="0.93", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None})


def label(name: str) -> str:
    """A cell's name for people: `frozen:average=0.5,head` is `frozen, α .5, trained head`."""
    training, _, finish = name.partition(":")
    words = {"head": "trained head", "pca": "PCA", "itq": "ITQ"}
    said = [
        f"α {own.removeprefix('average=0').removeprefix('average=')}" if own.startswith("average=") else words[own]
        for own in finish.split(",")
        if own
    ]
    return ", ".join([training, *said])
