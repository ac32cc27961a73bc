"""Categories apart from identity, level by level: does the model know the category of a photo, is the first answer of
that category, and which product is found where only that category is searched.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.codes import Floats
from engine.index.protocol import Rows, Scope
from engine.ranking import rank
from engine.scope import rows_under
from engine.taxonomy import LEVELS, Level, Path3, Taxonomy, cut, is_under
from index_builder.queries import Queries
from index_builder.reliability import calibration_error
from index_builder.shelf import Shelf, Truth, scope_without


@dataclass(frozen=True, slots=True)
class Guesses:
    """The model's own category of photos: how often its likeliest is right, and how far its probability is from that
    (expected calibration error). Of the `known` photos, None without any; the model has no class for the `unknown`.
    """

    known: int
    unknown: int
    accuracy: float | None
    ece: float | None


@dataclass(frozen=True, slots=True)
class Answers:
    """What the index answers to the queries whose category is indexed, `known` of the answerable ones (None without
    any): the share whose first answer is of that category, product recall@1 over all rows, and inside it alone, as
    `/search?category=` answers. The recalls are None where a category is all that is right.
    """

    known: int
    unknown: int
    first_inside: float | None
    recall: float | None
    recall_inside: float | None

    def as_json(self) -> dict[str, Any]:
        """As `twinshot evaluate --json` writes it."""
        figures = asdict(self)
        names = {"recall": "recall@1", "recall_inside": "recall@1_inside"}
        return {names.get(name, name): value for name, value in figures.items()}


@dataclass(frozen=True, slots=True)
class LevelFigures:
    """One level, on the `queries` that have a name there. `model` is None if it has no categories at all."""

    queries: int
    model: Guesses | None
    index: Answers

    def as_json(self) -> dict[str, Any]:
        """As `twinshot evaluate --json` writes it."""
        model = None if self.model is None else asdict(self.model)
        return {"queries": self.queries, "model": model, "index": self.index.as_json()}


def judge_levels(shelf: Shelf, queries: Queries, truth: Truth, asked: Rows, first: Rows) -> dict[Level, LevelFigures]:
    """Every level that any query has a name at; none if no query has a category.

    asked: the answerable queries; first: the row of the first answer to each over all rows. Both int64 [n].
    """
    answers = dict(zip(asked.tolist(), first.tolist(), strict=True))
    found: dict[Level, LevelFigures] = {}
    for depth, level in enumerate(LEVELS, 1):
        wanted = {i: cut(row.category, depth) for i, row in enumerate(queries.rows) if row.category[depth - 1]}
        if wanted:
            model = _guesses(shelf.generation.card.taxonomy, level, queries.probabilities, wanted)
            found[level] = LevelFigures(len(wanted), model, _answers(shelf, queries, truth, answers, wanted))
    return found


def _guesses(
    taxonomy: Taxonomy, level: Level, probabilities: Floats | None, wanted: Mapping[int, Path3]
) -> Guesses | None:
    if probabilities is None:
        return None
    groups, group_of = taxonomy.level_groups(level)
    right = {path: {i for i, own in enumerate(groups) if is_under(own, path)} for path in set(wanted.values())}
    known = [query for query, path in wanted.items() if right[path]]
    if not known:
        return Guesses(0, len(wanted), None, None)
    sums = np.zeros((len(groups), len(known)))
    named = group_of >= 0
    np.add.at(sums, group_of[named], probabilities[known].T[named])
    guessed = sums.argmax(axis=0).tolist()
    marks = np.array([group in right[wanted[query]] for query, group in zip(known, guessed, strict=True)], np.float64)
    error = calibration_error(sums.max(axis=0), marks, np.ones(len(known)))
    return Guesses(len(known), len(wanted) - len(known), float(marks.mean()), error)


def _answers(
    shelf: Shelf, queries: Queries, truth: Truth, answers: Mapping[int, int], wanted: Mapping[int, Path3]
) -> Answers:
    slices, slice_of = shelf.generation.manifest.categories, shelf.categories
    scopes = {path: rows_under([path], slices) for path in set(wanted.values())}
    answerable = [query for query in answers if query in wanted]
    known = [query for query in answerable if scopes[wanted[query]]]
    unknown = len(answerable) - len(known)
    if not known:
        return Answers(0, unknown, None, None, None)
    share = _mean(is_under(slices[slice_of[answers[query]]].path, wanted[query]) for query in known)
    if truth.kind == "category":
        return Answers(len(known), unknown, share, None, None)
    over_all = _mean(truth.right(query, _rows(answers[query])).all() for query in known)
    inside = _mean(_right_inside(shelf, queries, truth, query, scopes[wanted[query]]) for query in known)
    return Answers(len(known), unknown, share, over_all, inside)


def _right_inside(shelf: Shelf, queries: Queries, truth: Truth, query: int, scope: Scope) -> bool:
    """Whether the first product of `scope` is right; its best photo stands for it."""
    ranked = rank(shelf.generation, queries.embeddings[query], 1, scope_without(scope, truth.left_out[query]))
    return bool(truth.right(query, _rows(*(own.row for own in ranked.found[:1]))).any())


def _mean(marks: Iterable[object]) -> float:
    return float(np.mean([bool(mark) for mark in marks]))


def _rows(*rows: int) -> Rows:
    return np.array(rows, dtype=np.int64)
