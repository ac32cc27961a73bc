"""The menu of backbones: what each finds of the grocery photos, against its milliseconds a photo.

The backbones are untrained, which compares them without hours of training each: their features are encoded once, and
512 bits whitened on those of `train`, with all leaves and without those of each fold. The times are those of
benchmarks/results/encoder_speed.json (make bench-encoder-speed). Where a backbone was trained as well, its cells stand
beside it. QUICK=1: two backbones.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.recognition import DEFAULT as TRAINED
from benchmarks.recognition import SEEDS
from benchmarks.recognition_bits import mean
from benchmarks.result import PROJECT, QUICK, RESULTS, Claim, write
from benchmarks.study.backbones import DEFAULT, MENU, Choice
from benchmarks.study.claims import difference, level
from benchmarks.study.codes import Hits, first_answers, fitted
from benchmarks.study.features import Photos, photos_of, without
from benchmarks.study.figures import marks, pooled
from benchmarks.study.lines import RESCORED
from benchmarks.study.page import replace_block
from benchmarks.study.photos import FOLDS
from benchmarks.study.run import kept_of
from benchmarks.study.scatter import Point, draw
from engine.errors import UnavailableError
from index_builder.bootstrap import paired_interval

BITS = 512
PICTURE = PROJECT / "docs" / "backbones.svg"
SPEED = RESULTS / "encoder_speed.json"


@dataclass(frozen=True, slots=True)
class Found:
    """Whether each `val` photo's first answer is right, 0 or 1: of leaves that were fitted on, and of those that were
    not, fold after fold; the same of the trained backbone, where it was trained.
    """

    choice: Choice
    seen: Hits
    unseen: Hits
    trained_seen: Hits | None
    trained_unseen: Hits | None


def found_by(choice: Choice) -> Found:
    """One line of the menu."""
    photos = photos_of(choice.cell, len(os.sched_getaffinity(0)))
    folds = [without(photos, fold) for fold in range(FOLDS)]
    unseen = np.concatenate([_first(own, "unseen") for own in folds])
    return Found(choice, _first(photos, "seen"), unseen, *trained(choice))


def trained(choice: Choice) -> tuple[Hits | None, Hits | None]:
    """The same of the default recipe with this backbone, of what was run: with all leaves, and without each fold."""
    cell = replace(TRAINED, backbone=choice.cell.backbone, size=choice.cell.size)
    whole = kept_of(cell)
    files = [kept_of(replace(cell, fold=fold, seed=seed)) for seed in SEEDS for fold in range(FOLDS)]
    there = [own for own in files if own is not None]
    seen = None if whole is None else marks(whole["protocols"]["seen"], RESCORED, "product@1")
    return seen, pooled(there).marks("unseen", RESCORED) if len(there) == len(files) else None


def speeds() -> dict[str, float]:
    """Milliseconds a photo by label, of the last run. Raises UnavailableError if there was none."""
    if not SPEED.exists():
        raise UnavailableError("benchmarks/results/encoder_speed.json is not there; run make bench-encoder-speed first")
    times: dict[str, float] = json.loads(SPEED.read_text(encoding="utf-8"))["figures"]["ms"]
    return times


def claims_of(every: Sequence[Found]) -> list[Claim]:
    """Each backbone's recall, and what it finds more than the default."""
    base = next(own for own in every if own.choice is DEFAULT)
    claims = []
    for own in every:
        claims += [
            level(f"{own.choice.label}: seen, product R@1", own.seen),
            level(f"{own.choice.label}: unseen, product R@1", own.unseen),
        ]
        if own is not base:
            name = f"{own.choice.label} − {DEFAULT.label}"
            claims += [
                difference(f"{name}: seen, product R@1", own.seen, base.seen),
                difference(f"{name}: unseen, product R@1", own.unseen, base.unseen),
            ]
        if own is not base and own.trained_seen is not None and base.trained_seen is not None:
            claims.append(difference(f"{name}, both trained: seen, product R@1", own.trained_seen, base.trained_seen))
    return claims


def table(every: Sequence[Found], ms: dict[str, float]) -> str:
    """A line for each backbone, the quickest first; below those that were timed only."""
    base = next(own for own in every if own.choice is DEFAULT)
    lines = [
        f"| backbone | ms a photo | ÷ {DEFAULT.label} | seen | unseen | − {DEFAULT.label}, unseen (95 % interval) |"
        " trained: seen | unseen |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for own in sorted(every, key=lambda own: ms[own.choice.label]):
        gap = paired_interval(own.unseen, base.unseen)
        apart = "" if own is base else f"{gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"
        figures = f"{own.seen.mean():.3f} | {own.unseen.mean():.3f} | {apart}"
        after = f"{_share(own.trained_seen)} | {_share(own.trained_unseen)}"
        lines.append(
            f"| {own.choice.label} (`{own.choice.name}`) | {_time(own.choice.label, ms)} | {figures} | {after} |"
        )
    shown = {own.choice.label for own in every}
    rest = sorted((name for name in ms if name not in shown), key=lambda name: ms[name])
    return "\n".join([*lines, *(f"| {name}: timed only | {_time(name, ms)} | | | | | |" for name in rest)])


def points(every: Sequence[Found], ms: dict[str, float]) -> tuple[list[Point], list[Point]]:
    """Of leaves that were fitted or trained on, and of those that were not."""
    both: tuple[list[Point], list[Point]] = ([], [])
    for own in every:
        pairs = ((own.seen, own.trained_seen), (own.unseen, own.trained_unseen))
        for into, (fitted_only, after) in zip(both, pairs, strict=True):
            time = ms[own.choice.label]
            into.append(Point(own.choice.label, time, float(fitted_only.mean()), "fitted, not trained"))
            if after is not None:
                into.append(Point(own.choice.label, time, float(after.mean()), "trained"))
    return both


def _first(photos: Photos, asked: str) -> Hits:
    embedding = fitted(photos, "whiten", BITS).apply(photos.features)
    return first_answers(photos, embedding, getattr(photos, asked), "rescored", mean)


def _time(label: str, ms: dict[str, float]) -> str:
    return f"{ms[label]:.1f} | {ms[label] / ms[DEFAULT.label]:.2f}"


def _share(hits: Hits | None) -> str:
    return "" if hits is None else f"{hits.mean():.3f}"


def main() -> None:
    try:
        ms = speeds()
        every = [found_by(choice) for choice in MENU]
    except UnavailableError as error:
        sys.exit(str(error))
    if not QUICK:
        shown = f"![Product recall against milliseconds a photo]({PICTURE.name})"
        replace_block("recognition.md", "backbones", f"{table(every, ms)}\n\n{shown}")
        seen, unseen = points(every, ms)
        draw({"leaves that were fitted on": seen, "leaves that were not": unseen}, PICTURE)
    figures: dict[str, Any] = {
        own.choice.label: {"seen": round(float(own.seen.mean()), 4), "unseen": round(float(own.unseen.mean()), 4)}
        for own in every
    }
    write("recognition_backbones", "Backbones: grocery photos, untrained, 512 bits rescored", figures, claims_of(every))


if __name__ == "__main__":
    main()
