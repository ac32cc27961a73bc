"""Projections of small catalogues: what `--epochs 0` gives when it has few photos to be fitted on.

The features are the untrained backbone's. A shop of n grocery photos (drawn leaf by leaf) is indexed alone and asked
the `val` photos of its leaves; its 512 bits come from a projection fitted on those n photos, from random directions,
or from the projection of a model that was fitted on another catalogue (clothing). Then the thresholds of an index that
started with few photos of few kinds and holds all of them now. QUICK=1: fewer draws.
"""

import os
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from benchmarks.recognition import WHITENED
from benchmarks.recognition_bits import mean, zero
from benchmarks.result import PROJECT, QUICK, Claim, write
from benchmarks.study.claims import difference
from benchmarks.study.codes import Hits, Threshold, Way, first_answers, fitted
from benchmarks.study.curves import Panel, draw
from benchmarks.study.features import Mask, Photos, photos_of
from benchmarks.study.photos import leaf_by_leaf, records
from engine.codes import Floats
from index_builder.thresholds import ENOUGH_PHOTOS

SIZES = (20, 81, 200, 500, 1000, 2000)
STARTS = (20, 81, 200, 500)
DRAWS = 1 if QUICK else 5
BITS = 512
WAYS: tuple[Way, ...] = ("whiten", "pca", "itq", "random")
OTHER = "another catalogue's"
PICTURE = PROJECT / "docs" / "recognition-small.svg"


def shop(photos: Photos, size: int, seed: int) -> Mask:
    """`size` photos of `train`, one of each leaf after another: bool [n]."""
    places = np.flatnonzero(photos.fitted)
    drawn = leaf_by_leaf(photos.leaves[places].tolist(), size, np.random.default_rng((seed, size)))
    return mask_of(places[drawn], photos)


def of_shop(photos: Photos, indexed: Mask) -> Photos:
    """The same photos where only `indexed` ones are on the shelf and may be fitted on."""
    asked = photos.seen & np.isin(photos.leaves, photos.leaves[indexed])
    return Photos(photos.features, photos.embeddings, photos.leaves, indexed, indexed, photos.unseen, asked)


def answers(photos: Photos, other: Floats, size: int) -> dict[str, Hits]:
    """First answers of each way, rescored, over DRAWS shops of `size` photos; other: float32 [n, BITS]."""
    found: dict[str, list[Hits]] = {}
    for seed in range(DRAWS):
        own = of_shop(photos, shop(photos, size, seed))
        ways: dict[str, tuple[Floats, Threshold]] = {
            f"{way}, fitted on the shop": (fitted(own, way, BITS, seed).apply(own.features), mean)
            for way in WAYS
            if way != "itq" or size > BITS  # it cannot fit more bits than photos
        }
        ways[f"{OTHER}, its thresholds"] = (other, zero)
        ways[f"{OTHER}, the shop's thresholds"] = (other, mean)
        for name, (embedding, at) in ways.items():
            found.setdefault(name, []).append(first_answers(own, embedding, own.seen, "rescored", at))
        floats = first_answers(own, own.features, own.seen, "float", zero)
        found.setdefault("features, float", []).append(floats)
    return {name: np.concatenate(hits) for name, hits in found.items()}


def start(photos: Photos, size: int, seed: int) -> Mask:
    """`size` photos of `train`, one level-2 category after another: the shop that opens with one kind of thing."""
    rng = np.random.default_rng((seed, size, 1))
    kinds = np.array([row["level2"] for row in records("grocery")])
    turn = {kind: int(place) for kind, place in zip(sorted(set(kinds)), rng.permutation(len(set(kinds))), strict=True)}
    places = rng.permutation(np.flatnonzero(photos.fitted))
    return mask_of(sorted(places, key=lambda place: turn[kinds[place]])[:size], photos)


def mask_of(places: npt.ArrayLike, photos: Photos) -> Mask:
    """True for the photos at `places`."""
    mask: Mask = np.isin(np.arange(len(photos.leaves)), places)
    return mask


def fixed(thresholds: Floats) -> Threshold:
    """These [bits], whatever is on the shelf."""
    return lambda shelf: thresholds


def grown(photos: Photos, embedding: Floats, size: int) -> dict[str, Hits]:
    """First answers where the whole catalogue is indexed, by thresholds of its first `size` photos, by the model's own
    (embeddings [n, BITS] are 0 there) and by those of all, over DRAWS starts.
    """
    found: dict[str, list[Hits]] = {}
    for seed in range(DRAWS):
        first = embedding[start(photos, size, seed)].mean(axis=0)
        ways: dict[str, Threshold] = {"first": fixed(first), "model": zero, "all": mean}
        for name, at in ways.items():
            found.setdefault(name, []).append(first_answers(photos, embedding, photos.seen, "rescored", at))
    return {name: np.concatenate(hits) for name, hits in found.items()}


def main() -> None:
    cores = len(os.sched_getaffinity(0))
    own = photos_of(WHITENED, cores)
    other = photos_of(replace(WHITENED, catalogue="clothing"), cores).embeddings
    found = {size: answers(own, other, size) for size in SIZES}
    names = list(found[SIZES[-1]])
    curves = {name: {size: float(own[name].mean()) for size, own in found.items() if name in own} for name in names}
    draw([Panel("a shop's projection", "photos in the shop", curves)], PICTURE)
    models = {"fitted at home": fitted(own, "whiten", BITS).apply(own.features), OTHER: other}
    opened = {name: {size: grown(own, embedding, size) for size in STARTS} for name, embedding in models.items()}
    claims = judge(found) + [kept for name, starts in opened.items() for kept in judge_starts(name, starts)]
    figures = curves | {
        "grown": {
            name: {size: {way: float(hits.mean()) for way, hits in ways.items()} for size, ways in starts.items()}
            for name, starts in opened.items()
        }
    }
    write("recognition_small", "Projections of small catalogues: 512 bits, untrained backbone", figures, claims)


def judge(found: dict[int, dict[str, Hits]]) -> list[Claim]:
    """The fitted projection against the other catalogue's as an index would take it, and what thresholds of the shop's
    own give that one, at every size.
    """
    claims = []
    for size, hits in found.items():
        thresholds = "the shop's" if size >= ENOUGH_PHOTOS else "its"
        taken = hits[f"{OTHER}, {thresholds} thresholds"]
        claims += [
            difference(
                f"{size:,} photos: fitted on the shop − {OTHER}, product R@1", hits["whiten, fitted on the shop"], taken
            ),
            difference(
                f"{size:,} photos: {OTHER}, the shop's thresholds − its own, product R@1",
                hits[f"{OTHER}, the shop's thresholds"],
                hits[f"{OTHER}, its thresholds"],
            ),
        ]
    return claims


def judge_starts(name: str, starts: dict[int, dict[str, Hits]]) -> list[Claim]:
    """What the thresholds of a shop's first photos give once all are indexed, against the model's and against all's."""
    claims = []
    for size, hits in starts.items():
        for other, of in (("model", "the model"), ("all", "all")):
            said = f"{name}: thresholds of the first {size:,} photos − of {of}, product R@1"
            claims.append(difference(said, hits["first"], hits[other]))
    return claims


if __name__ == "__main__":
    main()
