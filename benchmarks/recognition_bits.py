"""What is lost on the way from floats to bits: recall against bits, thresholds and the short list.

Two models of the study's small round (`frozen-instance`, α 1, without the leaves of fold 0 and of fold 1); codes are
fitted on their pooled features of `train`, asked `val`. QUICK=1: one fold, fewer sizes.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Literal

import numpy as np

from benchmarks.result import PROJECT, QUICK, Claim, write
from benchmarks.study.claims import difference
from benchmarks.study.codes import Hits, How, Way, alone, among, distractors, first_answers, fitted
from benchmarks.study.curves import Panel, draw
from benchmarks.study.features import Photos, photos_of
from benchmarks.study.small_round import SCREEN_FOLDS, SMALL, TERMS
from engine.codes import Floats
from index_builder.build import SHORT_LIST

BITS = (64, 128, 256, 512, 1024) if QUICK else (32, 64, 128, 256, 512, 1024, 2048)
WAYS: tuple[Way, ...] = ("whiten", "pca", "itq", "random")
ITQ_BITS = 512
"""Longer codes take ITQ many minutes, and it is not the better one before."""
LISTS = (10, 20, 50, 100, 200, 500, 1000, 2000)
DISTRACTORS = 20_000 if QUICK else 200_000
PICTURE = PROJECT / "docs" / "recognition-bits.svg"
Asked = Literal["unseen", "seen"]
ASKED: tuple[Asked, ...] = ("unseen", "seen")
CODED: tuple[How, ...] = ("hamming", "rescored")


def mean(embedding: Floats) -> Floats:
    """The default threshold of each bit."""
    own: Floats = embedding.mean(axis=0)
    return own


def median(embedding: Floats) -> Floats:
    """Cuts every bit in half, whatever its distribution."""
    return np.median(embedding, axis=0).astype(np.float32)


def zero(embedding: Floats) -> Floats:
    """Where the projection itself has its mean: that of the photos it was fitted on."""
    return np.zeros(embedding.shape[1], np.float32)


THRESHOLDS = {"mean": mean, "median": median, "as fitted": zero}


def by_bits(folds: Sequence[Photos], asked: Asked) -> dict[str, dict[int, float]]:
    """Recall@1 of every way at every length; the last are the first bits of the longest whitened code."""
    found: dict[str, dict[int, float]] = {}

    def add(name: str, bits: int, embeddings: Sequence[Floats], how: How) -> None:
        pairs = zip(folds, embeddings, strict=True)
        marks = [first_answers(photos, own, getattr(photos, asked), how, mean) for photos, own in pairs]
        found.setdefault(name, {})[bits] = float(np.concatenate(marks).mean())

    longest = [fitted(photos, "whiten", BITS[-1]).apply(photos.features) for photos in folds]
    for bits in BITS:
        for way in WAYS:
            if way == "itq" and bits > ITQ_BITS:
                continue
            own = [fitted(photos, way, bits).apply(photos.features) for photos in folds]
            add(f"{way}, rescored", bits, own, "rescored")
            if way == "whiten":
                add("whiten, Hamming distance", bits, own, "hamming")
                add("whiten, float", bits, own, "float")
        add("first bits of the longest, rescored", bits, [own[:, :bits] for own in longest], "rescored")
    return found


def by_threshold(folds: Sequence[Photos]) -> dict[str, dict[str, float]]:
    """Recall@1 of 512 whitened bits cut at the indexed photos' mean or median, or at the training photos' mean."""
    embeddings = [fitted(photos, "whiten", 512).apply(photos.features) for photos in folds]
    found: dict[str, dict[str, float]] = {}
    for name, at in THRESHOLDS.items():
        for asked, how in product(ASKED, CODED):
            pairs = zip(folds, embeddings, strict=True)
            marks = [first_answers(photos, own, getattr(photos, asked), how, at) for photos, own in pairs]
            found.setdefault(name, {})[f"{asked}, {how}"] = float(np.concatenate(marks).mean())
    return found


def novelty(folds: Sequence[Photos]) -> dict[str, dict[str, float]]:
    """Recall@1 of 512 bits where unseen leaves lie among all, alone, and of seen leaves: what helps the first but not
    the second only tells new things from known ones, and the third pays for it.
    """
    found: dict[str, dict[str, float]] = {}
    for way in ("pca", "whiten", "evened"):
        marks: dict[str, list[Hits]] = {"unseen": [], "unseen alone": [], "seen": []}
        for photos in folds:
            own = fitted(photos, way, 512).apply(photos.features)
            marks["unseen"].append(first_answers(photos, own, photos.unseen, "rescored", mean))
            marks["unseen alone"].append(first_answers(alone(photos), own, photos.unseen, "rescored", mean))
            marks["seen"].append(first_answers(photos, own, photos.seen, "rescored", mean))
        found[way] = {name: float(np.concatenate(hits).mean()) for name, hits in marks.items()}
    return found


def by_short_list(folds: Sequence[Photos]) -> dict[str, dict[int, Hits]]:
    """First answers of rescored short lists among DISTRACTORS further photos, by their length, at three lengths."""
    found: dict[str, dict[int, Hits]] = {}
    for bits in (128, 256, 512):
        name = f"{bits} bits"
        for photos in folds:
            projection = fitted(photos, "whiten", bits)
            own, more = (projection.apply(x) for x in (photos.features, distractors(photos, DISTRACTORS)))
            for count, hits in among(photos, own, photos.unseen | photos.seen, LISTS, more).items():
                before = found.setdefault(name, {}).get(count, np.empty(0))
                found[name][count] = np.concatenate([before, hits])
    return found


def judge(folds: Sequence[Photos], lists: dict[str, dict[int, Hits]]) -> list[Claim]:
    """The losses of the defaults: 512 bits, the mean, a short list of 200."""
    claims = []
    for asked in ASKED:
        marks: dict[How, list[Hits]] = {"float": [], "hamming": [], "rescored": []}
        for photos in folds:
            own = fitted(photos, "whiten", 512).apply(photos.features)
            for how, hits in marks.items():
                hits.append(first_answers(photos, own, getattr(photos, asked), how, mean))
        whole = {how: np.concatenate(hits) for how, hits in marks.items()}
        claims += [difference(f"{asked}: 512 bits, {how} − float, R@1", whole[how], whole["float"]) for how in CODED]
    name = f"512 bits, short list of {SHORT_LIST} − {LISTS[-1]:,}, among {DISTRACTORS:,} further photos, R@1"
    return [*claims, difference(name, lists["512 bits"][SHORT_LIST], lists["512 bits"][LISTS[-1]], -0.002)]


def main() -> None:
    cores = len(os.sched_getaffinity(0))
    model = replace(SMALL, name="frozen-instance:average=1", recipe={**TERMS["frozen-instance"], "average": 1.0})
    folds = [photos_of(replace(model, fold=fold), cores) for fold in SCREEN_FOLDS]
    curves: dict[str, Any] = {asked: by_bits(folds, asked) for asked in ASKED}
    lists = by_short_list(folds)
    means = {name: {count: float(hits.mean()) for count, hits in own.items()} for name, own in lists.items()}
    draw(
        [
            Panel("leaves never trained on", "bits", curves["unseen"]),
            Panel("leaves trained on", "bits", curves["seen"]),
            Panel(f"all, among {DISTRACTORS:,} further photos", "short list S", means),
        ],
        PICTURE,
    )
    figures: dict[str, Any] = {**curves, "thresholds_512": by_threshold(folds), "novelty_512": novelty(folds)}
    figures["short_list"] = means
    write("recognition_bits", "From floats to bits: grocery photos, 128 px", figures, judge(folds, lists))


if __name__ == "__main__":
    main()
