"""What `match` was worth on photos whose products are known: how many got one, and how many of these rightly."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.bundle.generation import Generation
from engine.calibration import NEEDED, Calibration, scores
from engine.codes import Floats, direction, similarity
from engine.ranking import rank
from index_builder.evaluate import NO_ANSWER, Evaluation


@dataclass(frozen=True, slots=True)
class Matches:
    """Of the answerable queries those whose first product reached `min_score`, and those of them where it was right; of
    the strangers, whose product is not in the index, those that some product reached it for, wrongly.
    """

    min_score: float
    matched: int
    right: int
    strangers: int
    strangers_matched: int

    def as_json(self) -> dict[str, float | int]:
        """As `twinshot evaluate --json` writes it; nothing of strangers where there were none."""
        known = {"min_score": self.min_score, "matched": self.matched, "right": self.right}
        strangers = {"strangers": self.strangers, "strangers_matched": self.strangers_matched}
        return known | strangers if self.strangers else known


def judge_matches(generation: Generation, embeddings: Floats, evaluation: Evaluation) -> Matches | None:
    """Score the answers of an evaluation as `/search` does; None where the generation has no scores.

    embeddings: float32 [queries, bits], of all queries, answerable or not.
    """
    calibration = generation.manifest.calibration
    if calibration is None:
        return None
    matched = right = 0
    for query, rows, hit in zip(
        evaluation.answerable, evaluation.answers, evaluation.bits_rescored.product_hits, strict=True
    ):
        first = rows[rows != NO_ANSWER]
        near = similarity(direction(embeddings[query], generation.thresholds), generation.codes(first))
        if _match(calibration, near.tolist()):
            matched += 1
            right += int(hit)
    wrong = 0
    for query in evaluation.strangers:
        found = rank(generation, embeddings[query], NEEDED, generation.manifest.scope).found
        wrong += _match(calibration, [own.similarity for own in found])
    return Matches(calibration.min_score, matched, right, len(evaluation.strangers), wrong)


def _match(calibration: Calibration, similarities: Sequence[float]) -> bool:
    """Whether the first product of a list is taken for the query's."""
    return calibration.matches(scores(calibration.formula, similarities)[0])
