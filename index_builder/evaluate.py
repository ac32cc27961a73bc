"""How well a generation finds known answers: in float, in bits, and in bits rescored as the service answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from engine.bundle.generation import Generation
from engine.index.flat import set_threads
from engine.index.protocol import Rows
from engine.metrics import Judged, photo_metrics, product_metrics
from engine.taxonomy import Level
from index_builder.levels import LevelFigures, judge_levels
from index_builder.lists import PRODUCTS, first_of_each, float_lists, hamming_lists
from index_builder.queries import Queries
from index_builder.shelf import Relevant, Shelf, Truth, find_truth, given_truth, open_shelf
from index_builder.vectors import stored_vectors

NO_ANSWER = -1
DEPTH = 1000
"""Photos in a list; right answers beyond it count as not found (mean average precision at 1,000)."""

FloatPart = Literal["features", "embedding"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One kind of search on the answerable queries, in their order: the judged list of photos and of products."""

    photo: list[Judged]
    product: list[Judged]

    def as_json(self) -> dict[str, Any]:
        """Means over the queries."""
        return {"photo": photo_metrics(self.photo), "product": product_metrics(self.product)}

    @property
    def product_hits(self) -> npt.NDArray[np.float64]:
        """Whether each query's first product is right, 0 or 1, float64 [answerable]."""
        return np.array([judged.relevant[:1].any() for judged in self.product], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A generation on queries. `answerable`: which of them have a right answer in the index, int64 [n]; `strangers`: of
    which it is known that their product is not there, int64.
    """

    generation: str
    rows: int
    queries: int
    answerable: Rows
    strangers: Rows
    relevant: Relevant
    depth: int
    bits: Outcome
    bits_rescored: Outcome
    floats: dict[FloatPart, Outcome]
    """Of the queries `float_asked` alone."""
    levels: dict[Level, LevelFigures]
    """Of the levels that the queries have."""
    answers: Rows
    """The first PRODUCTS products of each answerable query by their best photos, as /search answers: int64
    [answerable, PRODUCTS], NO_ANSWER where there are fewer.
    """
    left_out: list[Rows]
    """Of each answerable query the rows that were no answers to it: its own photo."""
    float_asked: Rows
    """The places among the answerable ones that `floats` judges, int64."""

    @property
    def float_part(self) -> FloatPart | None:
        """The better of pooled features and embedding by product recall@1; None if the generation keeps neither."""
        return max(self.floats, key=lambda part: self.floats[part].product_hits.sum(), default=None)

    def as_json(self) -> dict[str, Any]:
        """As `twinshot evaluate --json` writes it."""
        part = self.float_part
        return {
            "generation": self.generation,
            "rows": self.rows,
            "queries": self.queries,
            "answerable": len(self.answerable),
            "unanswerable": self.queries - len(self.answerable),
            "relevant": self.relevant,
            "depth": self.depth,
            "float": {"of": part, **self.floats[part].as_json()} if part else None,
            "bits": self.bits.as_json(),
            "bits_rescored": self.bits_rescored.as_json(),
            **({"categories": {level: own.as_json() for level, own in self.levels.items()}} if self.levels else {}),
        }


def evaluate(
    generation: Generation,
    queries: Queries,
    right: Mapping[str, Sequence[str]] | None = None,
    levels: bool = True,
    float_queries: int | None = None,
) -> Evaluation:
    """Ask `generation` every query and judge the lists.

    right: the image ids that answer each query id; default: what has the query's product, or category.
    levels: whether categories are judged too; float_queries: at most how many queries, evenly taken, are asked in float
    as well, default all. A query whose product is not indexed is left out and counted. The products of a list are its
    first photos of each, exactly as `/search` groups them.
    """
    set_threads(1)  # one query at a time: more threads only wait for each other, a hundredfold on a busy machine
    shelf = open_shelf(generation)
    truth = find_truth(shelf, queries) if right is None else given_truth(shelf, queries, right)
    asked = np.flatnonzero(truth.totals)
    left_out = [truth.left_out[query] for query in asked]
    depth = min(shelf.rows, DEPTH)
    bits, rescored = Outcome([], []), Outcome([], [])
    answers = np.full((len(asked), PRODUCTS), NO_ANSWER, dtype=np.int64)
    lists = hamming_lists(shelf, queries.embeddings[asked], depth, left_out)
    for place, (query, (by_distance, by_answer)) in enumerate(zip(asked, lists, strict=True)):
        _judge(bits, shelf, truth, int(query), by_distance, depth)
        first = by_answer[_judge(rescored, shelf, truth, int(query), by_answer, depth)[:PRODUCTS]]
        answers[place, : len(first)] = first
    few = evenly(len(asked), float_queries)
    return Evaluation(
        generation=generation.id,
        rows=shelf.rows,
        queries=len(queries.rows),
        answerable=asked,
        strangers=truth.strangers,
        relevant=truth.kind,
        depth=depth,
        bits=bits,
        bits_rescored=rescored,
        floats=_floats(shelf, queries, truth, asked[few], depth),
        levels=judge_levels(shelf, queries, truth, asked, answers[:, 0]) if levels else {},
        answers=answers,
        left_out=left_out,
        float_asked=few,
    )


def evenly(count: int, wanted: int | None) -> Rows:
    """At most `wanted` of `count` places, spread over them; all of them if None."""
    taken = count if wanted is None else min(count, wanted)
    return np.arange(taken) * count // max(taken, 1)


def _floats(shelf: Shelf, queries: Queries, truth: Truth, asked: Rows, depth: int) -> dict[FloatPart, Outcome]:
    left_out = [truth.left_out[query] for query in asked]
    found: dict[FloatPart, Outcome] = {}
    for part in _float_parts(shelf.generation, queries) if len(asked) else ():
        found[part] = Outcome([], [])
        for query, rows in zip(asked, _float_lists(shelf, queries, part, asked, depth, left_out), strict=True):
            _judge(found[part], shelf, truth, int(query), rows, depth)
    return found


def _judge(outcome: Outcome, shelf: Shelf, truth: Truth, query: int, rows: Rows, depth: int) -> Rows:
    """Judge a list of photos and its products; the places of the products' first photos."""
    total = int(truth.totals[query])
    right = truth.right(query, rows)
    first = first_of_each(shelf.products[rows])
    outcome.photo.append(Judged(right[:depth], total))
    outcome.product.append(Judged(right[first], total))
    return first


def _float_parts(generation: Generation, queries: Queries) -> Sequence[FloatPart]:
    files, shards = generation.manifest.files, generation.manifest.shards
    parts: list[FloatPart] = []
    if queries.features is not None and shards and f"shards/{shards[0].name}.features.f16" in files:
        parts.append("features")
    if shards and f"shards/{shards[0].name}.f16" in files:
        parts.append("embedding")
    return parts


def _float_lists(
    shelf: Shelf, queries: Queries, part: FloatPart, asked: Rows, depth: int, left_out: Sequence[Rows]
) -> Iterable[Rows]:
    generation = shelf.generation
    features = part == "features"
    suffix, width = (".features.f16", generation.card.features) if features else (".f16", generation.card.bits)
    stored = stored_vectors(generation, suffix, width)
    source = queries.features if features else queries.embeddings
    assert source is not None, "features are only asked for where the queries have them"
    # Bits cut the embedding at the thresholds, so its float counterpart is the cosine of what is left after them.
    centre = None if features else generation.thresholds
    return float_lists(shelf, source[asked].astype(np.float32), stored, centre, depth, left_out)
