"""What the sections look at: a bounded part of the held-out queries, with their answers and distances."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.bundle.generation import Generation
from engine.catalogue.row import Row
from engine.codes import Floats, binarise, direction, hamming, similarity
from engine.index.protocol import Distances, Rows
from index_builder.evaluate import NO_ANSWER, evenly
from index_builder.gate import Examined

QUERIES = 2000
OWN = 20
"""Photos of the query's own product that are looked at: of a product with hundreds, the first by image id."""
STRANGERS = 8
"""Photos taken by chance for each query, from which those of its product are left out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One query and its answers."""

    row: Row
    answers: Rows
    """The best photo of each of its first products."""
    similarities: Floats
    distances: Distances
    right: npt.NDArray[np.bool_]
    rank: int | None
    """The place of its product in the whole list; None where the list does not reach it."""
    own: Rows
    """Other photos of its product."""
    own_distances: Distances
    own_similarities: Floats
    strangers: Distances
    """From photos of other products, taken by chance."""


@dataclass(frozen=True, slots=True)
class Look:
    """At most QUERIES of the `answerable` queries, evenly taken."""

    answerable: int
    asked: list[Asked]


def look(generation: Generation, examined: Examined) -> Look:
    """Read codes and distances for the queries that are looked at; what they answered is known."""
    count = len(examined.evaluation.answerable)
    random = np.random.default_rng(0)
    return Look(count, [_asked(generation, examined, int(place), random) for place in evenly(count, QUERIES)])


def _asked(generation: Generation, examined: Examined, place: int, random: np.random.Generator) -> Asked:
    queries, evaluation = examined.queries, examined.evaluation
    query = int(evaluation.answerable[place])
    row, embedding = queries.rows[query], queries.embeddings[query]
    code, turned = binarise(embedding, generation.thresholds), direction(embedding, generation.thresholds)
    answers = evaluation.answers[place]
    answers = answers[answers != NO_ANSWER]
    right = evaluation.bits_rescored.product[place].relevant
    every = generation.table.product(row.product)
    own = np.setdiff1d(every, evaluation.left_out[place])[:OWN]
    others = random.integers(generation.manifest.rows, size=STRANGERS)
    codes, own_codes = generation.codes(answers), generation.codes(own)
    return Asked(
        row=row,
        answers=answers,
        similarities=similarity(turned, codes),
        distances=hamming(code, codes),
        right=right[: len(answers)],
        rank=int(right.argmax()) + 1 if right.any() else None,
        own=own,
        own_distances=hamming(code, own_codes),
        own_similarities=similarity(turned, own_codes),
        strangers=hamming(code, generation.codes(others[~np.isin(others, every)])),
    )
