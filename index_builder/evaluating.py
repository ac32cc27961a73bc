"""`twinshot evaluate`, from a bundle folder and a catalogue of queries to figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.bundle.generation import open_generation
from engine.bundle.store import current
from engine.catalogue.check import check
from engine.encoder import Encoder
from engine.errors import CatalogueError
from index_builder.evaluate import Evaluation, evaluate
from index_builder.matches import Matches, judge_matches
from index_builder.progress import Progress
from index_builder.queries import choose_rows, encode_queries, open_queries
from index_builder.shelf import require_answers
from index_builder.submission import read_submission


@dataclass(frozen=True, slots=True)
class Asked:
    """A generation's evaluation on a catalogue's queries, what its matches were worth (None: it has no scores), the
    splits that the queries came from, and how many were undecodable.
    """

    evaluation: Evaluation
    matches: Matches | None
    splits: str
    bad: int
    unnamed: int
    """Photos without a product id, where products are what is right: neither answerable nor strangers."""


def evaluate_catalogue(
    bundles: Path,
    queries: Path,
    splits: Sequence[str],
    generation: str | None,
    columns: Mapping[str, str],
    images: Path | None,
    threads: int,
    progress: Progress,
    truth: Path | None = None,
) -> Asked:
    """Ask a generation (default: the live one) the photos of a catalogue; nothing is written to the bundle folder.

    truth: which photos are right for which query, in the form of a submission, instead of products or categories.
    Raises BundleError, CatalogueError and InputError.
    """
    right = None if truth is None else read_submission(truth)
    opened = open_generation(bundles / (generation or current(bundles)))
    encoder = Encoder(opened.folder, threads=threads, verify=False)
    catalogue = open_queries(queries, columns, images, splits)
    with progress.stage("check"):
        checked = check(catalogue, opened.card.preprocessing, photos=False, threads=threads)
    rows, chosen = choose_rows(checked.rows, splits)
    if right is None:
        require_answers(rows)
    counting = progress.counting("encode queries", len(rows))
    with TemporaryDirectory(prefix="twinshot-") as folder, counting as advance:
        found = encode_queries(
            catalogue, rows, encoder, Path(folder), threads, advance, features=True, probabilities=True
        )
    if not found.rows:
        raise CatalogueError(f"{queries} has no photo to ask with; `twinshot check {queries}` lists what is wrong")
    with progress.stage("search"):
        evaluation = evaluate(opened, found, right=right)
        matches = judge_matches(opened, found.embeddings, evaluation)
    unnamed = sum(not row.product_id for row in found.rows) if evaluation.relevant == "product" else 0
    return Asked(evaluation, matches, chosen, len(found.bad), unnamed)


def as_json(asked: Asked, progress: Progress) -> dict[str, Any]:
    """As `twinshot evaluate --json` writes it."""
    seconds = {name: round(value, 3) for name, value in progress.seconds.items()}
    return {
        **asked.evaluation.as_json(),
        "matches": asked.matches.as_json() if asked.matches else None,
        "query_splits": asked.splits,
        "bad_queries": asked.bad,
        "queries_without_product": asked.unnamed,
        "seconds": seconds,
    }
