"""Which training, and which finish: the first, small round of the study: make bench-recognition-screen.

Photos of 128 px, four epochs, one seed, two folds over leaves: enough to drop what is clearly worse. Unseen products
decide. What may forget is also trained on clothes alone (no product ids) and asked all groceries, on fruit and
vegetables (with product ids) and asked packages, and by coarse categories without product ids.

`python -m benchmarks.recognition_screen 1` runs the cells of fold 1 alone, `clothes`, `greens` and `coarse` those of
these three, so that two cores share the work; `so-far` writes the table of what is there. QUICK=1: the first of each
kind, one fold, not these three.
"""

import sys
from collections import defaultdict
from collections.abc import Sequence

from benchmarks.recognition import run
from benchmarks.result import PROJECT, Claim, claim, write
from benchmarks.study.claims import spread
from benchmarks.study.figures import File, first_right, of_whole_seeds, pooled
from benchmarks.study.lines import RESCORED, Line, label, markdown, plot
from benchmarks.study.page import replace_block
from benchmarks.study.run import kept_of
from benchmarks.study.small_round import BASELINE, SCREEN_FOLDS, cells, clothes, coarse, greens

SO_FAR = "so-far"
PICTURE = PROJECT / "docs" / "recognition-screen.svg"
REFERENCE = "base:average=0.5"
"""What all others are compared with."""
AWAY = {
    "greens": "packages, after fruit and vegetables",
    "clothes": "groceries, after clothes",
    "coarse_unseen": "unseen, after coarse categories",
    "coarse_seen": "seen, after coarse categories",
}
"""What a training is also asked where it was given something else."""


def lines_of(files: Sequence[File]) -> list[Line]:
    """One line for each name that every fold has a file of."""
    folds: dict[tuple[str, bool], list[File]] = defaultdict(list)
    away: dict[str, dict[str, float]] = defaultdict(dict)
    for own in files:
        cell = own["cell"]
        if cell["catalogue"] == "clothing":
            away[cell["name"]]["clothes"] = first_right(own, "transfer")
        elif cell["fold"] == "Packages":
            away[cell["name"]]["greens"] = first_right(own, "unseen")
        elif cell["fold"] is not None:
            folds[cell["name"], cell.get("coarse", False)].append(own)
    whole = {key: pooled(kept) for key, every in folds.items() if (kept := of_whole_seeds(every, SCREEN_FOLDS))}
    for (name, is_coarse), found in whole.items():
        if is_coarse:
            away[name] |= {f"coarse_{of}": float(found.marks(of, RESCORED).mean()) for of in ("unseen", "seen")}
    reference = whole[REFERENCE, False].marks("unseen", RESCORED)
    return [Line.of(found, reference, away[name]) for (name, is_coarse), found in whole.items() if not is_coarse]


def away_table(lines: Sequence[Line]) -> str:
    """What was asked far from home, best on unseen products at home first."""
    rows = [f"| variant | {' | '.join(AWAY.values())} |", "|---|" + "---|" * len(AWAY)]
    for own in sorted(lines, key=lambda line: -line.unseen):
        if own.away:
            figures = " | ".join(f"{own.away[name]:.3f}" if name in own.away else "" for name in AWAY)
            rows.append(f"| {label(own.name)} | {figures} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    parts = {"clothes": clothes, "greens": greens, "coarse": coarse}
    every = [cell for fold in SCREEN_FOLDS for cell in cells(fold)] + [
        cell for part in parts.values() for cell in part()
    ]
    only = [name for name in sys.argv[1:] if name != SO_FAR]
    for name in only:
        run(parts[name]() if name in parts else cells(int(name)))
    if only:
        return
    files = [own for cell in every if (own := kept_of(cell)) is not None] if SO_FAR in sys.argv else run(every)
    lines = lines_of(files)
    text = f"{markdown(lines, label(REFERENCE))}\n{away_table(lines)}\n{_note(files, len(every))}\n"
    replace_block("recognition.md", "screen", text)
    plot(lines, label(REFERENCE), PICTURE)
    write(
        "recognition_screen",
        "Recognition: which training, which finish (128 px, 4 epochs, 2 folds)",
        {line.name: line.as_json() for line in lines},
        [_claim(line) for line in lines],
    )


def _note(files: Sequence[File], wanted: int) -> str:
    asked = {None: "seen", "Packages": "unseen"}
    base = [own for own in files if own["cell"]["name"] == BASELINE.name and own["cell"]["fold"] in asked]
    floats = [f"{first_right(own, asked[own['cell']['fold']], 'float'):.3f}" for own in base]
    said = f"Untrained floats, groceries and packages: {', '.join(floats)}."
    return said if len(files) == wanted else f"{said} So far {len(files)} of {wanted} cells were run."


def _claim(line: Line) -> Claim:
    gap = line.difference
    against = f"− {label(REFERENCE)}: {gap.mean:+.3f}, {spread(gap)}"
    return claim(f"{label(line.name)}: unseen product R@1", line.unseen, "", None, "higher", against)


if __name__ == "__main__":
    main()
