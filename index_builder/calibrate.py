"""How similarities of this catalogue become scores. It reads `val` and indexed photos; never `test`, never `query`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from engine.bundle.generation import Generation
from engine.calibration import Calibration, Formula, Values, probabilities, terms
from engine.catalogue.catalogue import Catalogue
from engine.catalogue.row import Row
from engine.encoder import Encoder
from engine.wording import counted
from index_builder.held_out import askable, sample
from index_builder.logistic import fit_logistic
from index_builder.observe import Observations, observe
from index_builder.progress import Progress
from index_builder.queries import encode_queries
from index_builder.reliability import calibration_interval

Source = Literal["val", "catalogue"]

ENOUGH_QUERIES = 200
ENOUGH_PRODUCTS = 10
QUERIES = 2000
"""More would make a nightly build slow and move the fit by less than its interval."""
FOLDS = 5
CLOSE = 0.1
"""Up to the margin that this share of the answers stays under, a margin counts as narrow."""
WRONG_MATCH = 3
"""What a wrong match costs, in right ones. Under calibrated scores the best threshold is then near 3 / (1 + 3) = 0.75,
whatever the share of easy queries: unlike the threshold for a wished precision, it holds for queries of another kind.
"""
THRESHOLDS = np.round(np.arange(0.51, 1.0, 0.01), 2)


@dataclass(frozen=True, slots=True)
class Questions:
    """The photos that a calibration asks; none if there are too few, and then `reason` says so."""

    rows: list[Row]
    source: Source
    reason: str | None = None


def choose_questions(rows: Sequence[Row]) -> Questions:
    """`val` photos of indexed products where there are enough, else indexed photos of products with two or more.

    At most QUERIES, a sample that is the same for the same rows.
    """
    val, several = askable(rows)
    choices: tuple[tuple[Source, list[Row]], ...] = (("val", val), ("catalogue", several))
    for source, chosen in choices:
        if _too_few(source, len(chosen), len({row.product for row in chosen})) is None:
            return Questions(sample(chosen, QUERIES), source)
    return Questions([], "catalogue", _too_few("catalogue", len(several), len({row.product for row in several})))


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The calibration of a generation; None if there are too few photos, and then `reason` says so."""

    calibration: Calibration | None
    reason: str | None = None
    observed: Observations | None = None
    """The answers that it was fitted on, and the score of each by a fit that did not see its product."""
    predicted: Values | None = None


def calibrate_generation(
    generation: Generation,
    encoder: Encoder,
    catalogue: Catalogue,
    rows: Sequence[Row],
    cache: Path,
    threads: int,
    progress: Progress,
) -> Calibrated:
    """Fit the score of `generation` on the photos that `choose_questions` takes of `rows`."""
    chosen = choose_questions(rows)
    if not chosen.rows:
        return Calibrated(None, chosen.reason)
    with progress.counting("encode photos to calibrate with", len(chosen.rows)) as advance:
        queries = encode_queries(catalogue, chosen.rows, encoder, cache, threads, advance)
    observed = observe(generation, queries, without_copies=chosen.source == "catalogue")
    reason = _too_few(chosen.source, observed.queries, observed.products)
    if reason is not None:
        return Calibrated(None, reason)
    predicted = out_of_fold(observed)
    return Calibrated(calibrate(observed, predicted, chosen.source), None, observed, predicted)


def calibrate(observed: Observations, predicted: Values, source: Source) -> Calibration:
    """The calibration that these answers give, judged by their scores from `out_of_fold`."""
    error = calibration_interval(predicted, observed.right, observed.weight, observed.query)
    threshold, precision, recall = recommend(predicted, observed)
    return Calibration(
        source=source,
        queries=observed.queries,
        products=observed.products,
        formula=fit(observed),
        ece=error.mean,
        ece_low=error.low,
        ece_high=error.high,
        min_score=threshold,
        precision=precision,
        recall=recall,
    )


def fit(observed: Observations) -> Formula:
    """The coefficients under which the answers are likeliest."""
    close = _weighted_quantile(observed.margin, observed.weight, CLOSE)
    found = fit_logistic(terms(observed.similarity, observed.margin, close), observed.right, observed.weight)
    similarity, margin, close_margin = found.coefficients.tolist()
    return Formula(
        intercept=found.intercept, similarity=similarity, margin=margin, close_margin=close_margin, close=close
    )


def out_of_fold(observed: Observations) -> Values:
    """The score of each answer by a fit that saw no query of its product, float64 [n]."""
    names, product = np.unique(observed.product, return_inverse=True)
    fold = np.random.default_rng(0).permutation(len(names))[product] % FOLDS
    predicted = np.empty(len(observed))
    for held_out in range(FOLDS):
        mine = fold == held_out
        predicted[mine] = probabilities(fit(observed.part(~mine)), observed.similarity[mine], observed.margin[mine])
    return predicted


def recommend(predicted: Values, observed: Observations) -> tuple[float, float | None, float]:
    """The threshold whose right matches outweigh its wrong ones by most, its precision, its recall.

    Of several, as where no answer comes high, the one next to what calibrated scores ask for. Precision is None if no
    answer reaches it.
    """
    right = np.array([_mass(predicted, observed, own) for own in THRESHOLDS])
    every = np.array([observed.weight[predicted >= own].sum() for own in THRESHOLDS])
    gain = right - WRONG_MATCH * (every - right)
    expected = WRONG_MATCH / (1 + WRONG_MATCH)
    best = int(np.argmin(np.where(gain >= gain.max(), np.abs(THRESHOLDS - expected), np.inf)))
    known = float(observed.weight[~observed.stranger].sum())
    precision = float(right[best] / every[best]) if every[best] else None
    return float(THRESHOLDS[best]), precision, float(right[best]) / known


def _mass(predicted: Values, observed: Observations, threshold: float) -> float:
    """The weight of the right answers with at least `threshold`."""
    inside = predicted >= threshold
    return float(observed.weight[inside] @ observed.right[inside])


def _too_few(source: Source, queries: int, products: int) -> str | None:
    if queries >= ENOUGH_QUERIES and products >= ENOUGH_PRODUCTS:
        return None
    kind = {"val": "photos of split val", "catalogue": "photos whose product has another one in the index"}[source]
    return (
        f"fitting takes at least {ENOUGH_QUERIES} {kind}, of at least {ENOUGH_PRODUCTS} products; "
        f"here are {queries:,}, of {counted(products, 'product')}; "
        f"index more products with several photos, or give {ENOUGH_QUERIES} photos the split val"
    )


def _weighted_quantile(values: Values, weights: Values, share: float) -> float:
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(mass, share * mass[-1])])
