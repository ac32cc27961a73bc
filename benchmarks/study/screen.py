"""The lines of the small round: what each variant gives over the folds, as a table and a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from benchmarks.result import PROJECT
from benchmarks.study.figures import Pooled
from index_builder.bootstrap import Interval, paired_interval

PICTURE = PROJECT / "docs" / "recognition-screen.svg"
RESCORED = "bits_rescored"
AWAY = {
    "greens": "packages, after fruit and vegetables",
    "clothes": "groceries, after clothes",
    "coarse_unseen": "unseen, after coarse categories",
    "coarse_seen": "seen, after coarse categories",
}
"""What a training is also asked where it was given something else."""
REFERENCE = "base:average=0.5"
"""What all others are compared with."""


@dataclass(frozen=True, slots=True)
class Line:
    """Product R@1 of rescored bits: of leaves the model never saw (also in float), of leaves it did, of packages of
    unseen leaves against the clean pictures; AUROC of strangers; the difference to REFERENCE, unseen.
    """

    name: str
    unseen: float
    unseen_float: float
    seen: float
    packages: float
    auroc: float
    against_reference: Interval
    away: Mapping[str, float]
    """AWAY, as far as it was looked at."""

    @classmethod
    def of(cls, own: Pooled, reference: Pooled, away: Mapping[str, float] = MappingProxyType({})) -> "Line":
        """From the files of one cell and of the reference, over the same folds."""
        difference = paired_interval(own.marks("unseen", RESCORED), reference.marks("unseen", RESCORED))
        return cls(
            own.name,
            float(own.marks("unseen", RESCORED).mean()),
            float(own.marks("unseen", "float").mean()),
            float(own.marks("seen", RESCORED).mean()),
            float(own.marks("packages", RESCORED).mean()),
            own.auroc,
            difference,
            away,
        )

    def as_json(self) -> dict[str, Any]:
        """For the result's file."""
        values = (self.unseen, self.unseen_float, self.seen, self.packages, self.auroc)
        names = ("unseen", "unseen_float", "seen", "packages_unseen", "no_match_auroc")
        figures: dict[str, Any] = {name: round(value, 4) for name, value in zip(names, values, strict=True)}
        own = self.against_reference
        figures |= {name: round(value, 4) for name, value in self.away.items()}
        return figures | {"against_reference": [round(value, 4) for value in (own.mean, own.low, own.high)], "n": own.n}


def markdown(lines: Sequence[Line]) -> str:
    """Two tables, best on unseen products first."""
    ordered = sorted(lines, key=lambda line: -line.unseen)
    rows = [
        "| variant | unseen | − base at α .5 (95 % interval) | unseen, float | seen | packages | no match |",
        "|---|---|---|---|---|---|---|",
    ]
    for own in ordered:
        gap = own.against_reference
        difference = "" if own.name == REFERENCE else f"{gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"
        figures = " | ".join(f"{value:.3f}" for value in (own.unseen_float, own.seen, own.packages, own.auroc))
        rows.append(f"| {label(own.name)} | {own.unseen:.3f} | {difference} | {figures} |")
    rows += ["", f"| variant | {' | '.join(AWAY.values())} |", "|---|" + "---|" * len(AWAY)]
    for own in ordered:
        if own.away:
            figures = " | ".join(f"{own.away[name]:.3f}" if name in own.away else "" for name in AWAY)
            rows.append(f"| {label(own.name)} | {figures} |")
    return "\n".join(rows) + "\n"


def plot(lines: Sequence[Line]) -> None:
    """A line for each variant, the best on unseen products on top, as an SVG; equal lines give equal bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    ordered = sorted(lines, key=lambda line: line.unseen)
    reference = next(own.unseen for own in lines if own.name == REFERENCE)
    with mpl.rc_context({"svg.hashsalt": "twinshot", "font.size": 8}):
        figure = Figure(figsize=(7.5, 1.2 + 0.19 * len(lines)), layout="constrained")
        axes = figure.add_subplot(xlabel="product R@1 of 512 bits, rescored")
        places = range(len(ordered))
        axes.axvline(reference, color="0.8", linewidth=0.8)
        axes.hlines(
            places,
            [reference + own.against_reference.low for own in ordered],
            [reference + own.against_reference.high for own in ordered],
            color="C0",
            linewidth=1,
        )
        axes.plot([own.unseen for own in ordered], places, "o", color="C0", markersize=4, label="unseen leaves")
        axes.plot([own.seen for own in ordered], places, "s", color="C1", markersize=4, label="seen leaves")
        kept = [own.packages for own in ordered]
        axes.plot(kept, places, "^", color="C2", markersize=4, label="packages → clean pictures, unseen")
        axes.set_yticks(places, [label(own.name) for own in ordered])
        axes.grid(axis="y", color="0.93", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False)
        figure.savefig(PICTURE, format="svg", metadata={"Date": None})


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
