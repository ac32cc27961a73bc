"""Are scores what they say? Expected calibration error of the first answer, on photos whose products the fit never saw.

Two models on the grocery photos, each with three ways to fit: on `val` (out of fold over products), on the indexed
photos without near-copies, and on the indexed photos by plain leave-one-out; all judged on `val`. Then the demo's shop,
judged on its `query` photos, products that the model never saw apart. QUICK=1: only the untrained model.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import demo as demo_shop
from benchmarks.recognition_grocery import CATALOGUE, build
from benchmarks.reliability_diagram import Curve, draw
from benchmarks.result import PROJECT, QUICK, Claim, claim, write
from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current
from engine.calibration import Values, probabilities
from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.check import check
from engine.catalogue.row import Row
from engine.encoder import Encoder
from index_builder.bootstrap import Interval
from index_builder.cache import cache_folder
from index_builder.calibrate import QUERIES, Source, calibrate, fit, out_of_fold
from index_builder.held_out import sample
from index_builder.observe import Observations, observe
from index_builder.queries import encode_queries
from index_builder.reliability import bins_of, calibration_error, calibration_interval

TARGET = 0.03
DIAGRAM = PROJECT / "docs" / "reliability.svg"
NAMES = {
    "val": "fitted on val, out of fold",
    "catalogue": "fitted on the indexed photos",
    "plain": "fitted by plain leave-one-out",
}


class Shop:
    """A bundle folder and the catalogue it is asked with."""

    def __init__(self, bundles: Path, path: Path) -> None:
        self.generation: Generation = open_generation(bundles / current(bundles))
        self._folder = cache_folder(bundles, self.generation.card)
        self._catalogue = open_catalogue(path)
        self._threads = len(os.sched_getaffinity(0))
        self._encoder = Encoder(self.generation.folder, threads=self._threads, verify=False)
        self.rows = check(self._catalogue, self.generation.card.preprocessing, photos=False, threads=1).rows

    def observe(self, rows: list[Row], without_copies: bool = False) -> Observations:
        queries = encode_queries(
            self._catalogue, rows, self._encoder, self._folder, self._threads, lambda: None, features=False
        )
        return observe(self.generation, queries, without_copies)

    def indexed(self, without_copies: bool) -> Observations:
        return self.observe(sample([row for row in self.rows if row.indexed], QUERIES), without_copies)


def error(scores: Values, observed: Observations) -> Interval:
    return calibration_interval(scores, observed.right, observed.weight, observed.query)


def judge(scores: Values, observed: Observations) -> dict[str, Any]:
    own, known = error(scores, observed), ~observed.stranger
    bins = bins_of(scores, observed.weight)
    mass = np.bincount(bins, observed.weight)
    return {
        "ece": own.mean,
        "ece_low": own.low,
        "ece_high": own.high,
        "queries": own.n,
        "ece_without_strangers": calibration_error(scores[known], observed.right[known], observed.weight[known]),
        "bias": float(np.average(scores - observed.right, weights=observed.weight)),
        "bins": {
            "score": (np.bincount(bins, observed.weight * scores) / mass).tolist(),
            "right": (np.bincount(bins, observed.weight * observed.right) / mass).tolist(),
        },
    }


def judge_threshold(source: Source, fitted_on: Observations, scores: Values, observed: Observations) -> dict[str, Any]:
    """The threshold that the fit recommends, and what it does to these answers."""
    least = calibrate(fitted_on, out_of_fold(fitted_on), source).min_score
    inside = scores >= least
    right = float(observed.weight[inside] @ observed.right[inside])
    return {
        "min_score": least,
        "precision": right / float(observed.weight[inside].sum()) if inside.any() else None,
        "recall": right / float(observed.weight[~observed.stranger].sum()),
    }


def grocery(name: str, *options: str) -> dict[str, Any]:
    shop = Shop(build(name, *options)[0], CATALOGUE)
    val = shop.observe([row for row in shop.rows if row.split == "val"])
    fitted_on: dict[str, Observations] = {"val": val, "catalogue": shop.indexed(True), "plain": shop.indexed(False)}
    found: dict[str, Any] = {"product_recall@1": float(val.right[~val.stranger].mean())}
    for kind, observed in fitted_on.items():
        scores = out_of_fold(val) if kind == "val" else probabilities(fit(observed), val.similarity, val.margin)
        source: Source = "val" if kind == "val" else "catalogue"
        found[kind] = judge(scores, val) | judge_threshold(source, observed, scores, val)
    return found


def demo() -> dict[str, Any]:
    """The demo's shop: its own calibration on `query` photos of products that were trained on, and of others."""
    demo_shop.made()
    shop = Shop(demo_shop.BUNDLES, demo_shop.CATALOGUE)
    calibration = shop.generation.manifest.calibration
    assert calibration is not None, "the sample has enough photos"
    trained = {row.product for row in shop.rows if row.split in (None, "train")}
    found: dict[str, Any] = {"source": calibration.source}
    asked = [row for row in shop.rows if row.split == "query"]
    for name, rows in (
        ("all", asked),
        ("seen", [row for row in asked if row.product in trained]),
        ("unseen", [row for row in asked if row.product not in trained]),
    ):
        observed = shop.observe(rows)
        found[name] = judge(probabilities(calibration.formula, observed.similarity, observed.margin), observed)
    return found


def claims_of(model: str, found: dict[str, Any]) -> list[Claim]:
    made = []
    for kind, name in NAMES.items():
        own = found[kind]
        target = None if kind == "plain" else TARGET
        made.append(claim(f"{model}, {name}: ECE", own["ece"], "", target, "lower", spread(own)))
    own = found["val"]
    at = f"min_score {own['min_score']:.2f}; recall {own['recall']:.2f}"
    made.append(claim(f"{model}, {NAMES['val']}: precision", own["precision"], "", None, "higher", at))
    return made


def spread(own: dict[str, Any]) -> str:
    return (
        f"95 % interval {own['ece_low']:.3f} to {own['ece_high']:.3f}, n = {own['queries']:,}; "
        f"scores − truth {own['bias']:+.3f}; without strangers {own['ece_without_strangers']:.3f}"
    )


def main() -> None:
    figures: dict[str, Any] = {"untrained": grocery("grocery-untrained", "--epochs=0")}
    if not QUICK:
        figures |= {"default": grocery("grocery-default"), "demo": demo()}
    claims = [own for model in ("default", "untrained") if model in figures for own in claims_of(model, figures[model])]
    for name, own in figures.get("demo", {}).items():
        if name != "source":
            target = TARGET if name == "all" else None
            claims.append(claim(f"demo, {name} products: ECE", own["ece"], "", target, "lower", spread(own)))
    write("recognition_scores", "Scores: is a score of 0.8 right four times in five?", figures, claims)
    if not QUICK:
        curves = [Curve(NAMES[kind], **figures["default"][kind]["bins"]) for kind in NAMES]
        draw(curves, f"grocery val, n = {figures['default']['val']['queries']:,}, a third strangers", DIAGRAM)


if __name__ == "__main__":
    main()
