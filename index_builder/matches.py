"""What `match` was worth on photos whose products are known: how many got one, and how many of these rightly."""

from dataclasses import asdict, dataclass

from engine.bundle.generation import Generation
from engine.calibration import scores
from engine.codes import Floats, direction, similarity
from index_builder.evaluate import NO_ANSWER, Evaluation


@dataclass(frozen=True, slots=True)
class Matches:
    """Of the answerable queries those whose first product reached `min_score`, and those of them where it was right."""

    min_score: float
    matched: int
    right: int

    def as_json(self) -> dict[str, float | int]:
        """As `twinshot evaluate --json` writes it."""
        return asdict(self)


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
        if calibration.matches(scores(calibration.formula, near.tolist())[0]):
            matched += 1
            right += int(hit)
    return Matches(calibration.min_score, matched, right)
