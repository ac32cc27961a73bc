"""The quality gate: a generation is measured on held-out queries, beside the live one, before it goes live."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.bundle.generation import Generation
from engine.catalogue.catalogue import Catalogue
from engine.catalogue.row import Row
from engine.encoder import Encoder
from engine.errors import GateError
from engine.wording import counted
from index_builder.bootstrap import paired_interval
from index_builder.cache import cache_folder
from index_builder.evaluate import Evaluation, evaluate
from index_builder.held_out import askable, sample
from index_builder.progress import Progress
from index_builder.queries import Queries, encode_queries

RECALL_FALL = 0.02
ROWS_FALL = 0.20
VAL_QUERIES = 5000
LEAVE_ONE_OUT_QUERIES = 1000
"""More would make a nightly build slow and move the verdict by less than it tolerates."""
FLOAT_QUERIES = 500
FLOAT_PAIRS = 100_000_000
"""Queries × rows that the float search, which is for the report alone, may compare: a few seconds."""


@dataclass(frozen=True, slots=True)
class Judges:
    """The held-out queries of one catalogue: `source` is `val`, or `leave-one-out` for photos that are indexed."""

    rows: list[Row]
    source: str


def choose_judges(rows: Sequence[Row]) -> Judges:
    """`val` photos of indexed products; if there are none, indexed photos of products with two or more of them.

    At most VAL_QUERIES or LEAVE_ONE_OUT_QUERIES, a sample that is the same for the same rows.
    """
    val, several = askable(rows)
    if val:
        return Judges(sample(val, VAL_QUERIES), "val")
    return Judges(sample(several, LEAVE_ONE_OUT_QUERIES), "leave-one-out")


@dataclass(frozen=True, slots=True)
class Examined:
    """Held-out queries as one generation's model sees them, and its answers to them."""

    queries: Queries
    evaluation: Evaluation


@dataclass(frozen=True)
class Examiner:
    """Asks generations the same queries, each encoded by that generation's own model."""

    catalogue: Catalogue
    judges: Judges
    bundles: Path
    threads: int
    progress: Progress

    def examine(self, generation: Generation, encoder: Encoder, which: str, floats: bool) -> Examined:
        """Evaluate `generation` in bits, rescored, and with `floats` a bounded part of the queries in float.

        Photos that its model has seen come from the cache. which: `new` or `live`, for whoever watches.
        """
        folder = cache_folder(self.bundles, generation.card)
        with self.progress.counting(f"encode held-out queries ({which})", len(self.judges.rows)) as advance:
            queries = encode_queries(self.catalogue, self.judges.rows, encoder, folder, self.threads, advance)
        few = min(FLOAT_QUERIES, FLOAT_PAIRS // max(generation.manifest.rows, 1)) if floats else 0
        return Examined(queries, evaluate(generation, queries, levels=False, float_queries=few))


def quality_of(own: Evaluation, judges: Judges) -> dict[str, Any]:
    """What a manifest says of its generation's quality."""
    return {"queries": judges.source, "answered": len(own.answerable), **own.bits_rescored.as_json()}


def compare(new: Evaluation, live: Evaluation) -> dict[str, Any]:
    """Product recall@1 of both on the queries that both can answer, with the interval of the difference."""
    common, ours, theirs = np.intersect1d(new.answerable, live.answerable, return_indices=True)
    result: dict[str, Any] = {"generation": live.generation, "rows": live.rows, "answered_by_both": len(common)}
    if len(common):
        mine, its = new.bits_rescored.product_hits[ours], live.bits_rescored.product_hits[theirs]
        change = paired_interval(mine, its)
        result["recall@1"] = {"live": float(its.mean()), "new": float(mine.mean())}
        result["change"] = {"mean": change.mean, "low": change.low, "high": change.high}
    return result


def faults(rows: int, live: dict[str, Any], deleted: int = 0) -> list[str]:
    """Why a generation of `rows` rows may not replace the live one that `compare` describes; empty if it may.

    deleted: rows of the live one that were deleted through the service, which is not judged.
    """
    found = []
    if rows < (live["rows"] - deleted) * (1 - ROWS_FALL):
        meant = f", {deleted:,} of them deleted through the service" if deleted else ""
        found.append(f"its rows fall from {live['rows']:,} to {rows:,}{meant} (the limit is {ROWS_FALL:.0%})")
    if "change" in live and live["change"]["mean"] < -RECALL_FALL - 1e-9:
        recall = live["recall@1"]
        asked = counted(live["answered_by_both"], "held-out query", "held-out queries")
        grown = f"; {live['rows']:,} rows grew to {rows:,}, which alone makes it harder" if rows > live["rows"] else ""
        found.append(
            f"its product recall@1 falls from {recall['live']:.3f} to {recall['new']:.3f} on {asked} "
            f"(the limit is {RECALL_FALL * 100:.0f} points{grown})"
        )
    return found


def require_pass(generation: str, reasons: Sequence[str], force: str | None) -> None:
    """Raise GateError if there are reasons against publishing and nobody forces it."""
    if reasons and not force:
        raise GateError(
            f"{generation} is not published: {' and '.join(reasons)}; publish it all the same with --force REASON "
            "(its photos stay encoded)"
        )
