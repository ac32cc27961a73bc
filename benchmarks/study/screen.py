"""The lines of the small round: what each variant gives over the folds, as a table and a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.result import PROJECT
from benchmarks.study.figures import Pooled
from index_builder.bootstrap import Interval, paired_interval

PICTURE = PROJECT / "docs" / "recognition-screen.svg"
RESCORED = "bits_rescored"


@dataclass(frozen=True, slots=True)
class Line:
    """Product R@1 of rescored bits: of leaves the model never saw (also in float), of leaves it did, of packages of
    unseen leaves against the clean pictures; AUROC of strangers; the difference to the default, unseen; of all leaves
    where the same was trained on clothes; and of packages where it was trained on fruit and vegetables.
    """

    name: str
    unseen: float
    unseen_float: float
    seen: float
    packages: float
    auroc: float
    against_default: Interval
    after_clothes: float | None
    after_greens: float | None

    @classmethod
    def of(
        cls, own: Pooled, default: Pooled, after_clothes: float | None = None, after_greens: float | None = None
    ) -> "Line":
        """From the files of one cell and of the default, over the same folds."""
        difference = paired_interval(own.marks("unseen", RESCORED), default.marks("unseen", RESCORED))
        return cls(
            own.name,
            float(own.marks("unseen", RESCORED).mean()),
            float(own.marks("unseen", "float").mean()),
            float(own.marks("seen", RESCORED).mean()),
            float(own.marks("packages", RESCORED).mean()),
            own.auroc,
            difference,
            after_clothes,
            after_greens,
        )

    def as_json(self) -> dict[str, Any]:
        """For the result's file."""
        values = (self.unseen, self.unseen_float, self.seen, self.packages, self.auroc)
        names = ("unseen", "unseen_float", "seen", "packages_unseen", "no_match_auroc")
        figures: dict[str, Any] = {name: round(value, 4) for name, value in zip(names, values, strict=True)}
        own = self.against_default
        far = {"after_clothes": self.after_clothes, "after_greens": self.after_greens}
        figures |= {name: round(value, 4) for name, value in far.items() if value is not None}
        return figures | {"against_default": [round(value, 4) for value in (own.mean, own.low, own.high)], "n": own.n}


def markdown(lines: Sequence[Line]) -> str:
    """A table, best on unseen products first."""
    rows = [
        "| variant | unseen | − default (95 % interval) | unseen, float | seen | packages | no match "
        "| after clothes | after greens |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for own in sorted(lines, key=lambda line: -line.unseen):
        gap = own.against_default
        difference = "" if own.name == "default" else f"{gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"
        values = (own.unseen_float, own.seen, own.packages, own.auroc, own.after_clothes, own.after_greens)
        figures = " | ".join("" if value is None else f"{value:.3f}" for value in values)
        rows.append(f"| {own.name} | {own.unseen:.3f} | {difference} | {figures} |")
    return "\n".join(rows) + "\n"


def plot(lines: Sequence[Line]) -> None:
    """Unseen against seen, a point for each variant, as an SVG; equal lines give equal bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "twinshot", "font.size": 8}):
        figure = Figure(figsize=(7.5, 5.5), layout="constrained")
        axes = figure.add_subplot(xlabel="seen leaves, product R@1", ylabel="unseen leaves, product R@1")
        for own in lines:
            colour = "C1" if ":" in own.name else "C0"
            axes.plot(own.seen, own.unseen, "s" if own.name == "default" else "o", color=colour)
            axes.annotate(own.name, (own.seen, own.unseen), xytext=(4, 3), textcoords="offset points")
        axes.set_title("512 bits, rescored; trainings (blue) and other finishes of one (orange)")
        figure.savefig(PICTURE, format="svg", metadata={"Date": None})
