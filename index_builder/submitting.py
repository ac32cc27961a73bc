"""`twinshot submit`: the nearest photos of every query of a catalogue, as the challenge's file.

What was encoded lies beside the file until it is written, so that a run which was stopped goes on where it was.
"""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current
from engine.catalogue.bad_row import BadRow, write_bad_rows
from engine.catalogue.catalogue import Catalogue, open_catalogue
from engine.catalogue.check import check, require_good
from engine.catalogue.row import Row
from engine.codes import Floats, binarise, direction
from engine.encoder import Encoder
from engine.errors import BundleError, CatalogueError, InputError
from engine.index.flat import set_threads
from engine.ranking import order, short_list
from engine.wording import counted
from index_builder.cache import cache_folder
from index_builder.encode import BATCH
from index_builder.plan import DECODE_SECONDS
from index_builder.progress import Progress
from index_builder.queries import Queries, encode_queries, open_queries
from index_builder.submission import ANSWERS, require_plain, write_submission

QUERY_SPLITS = ("query",)
_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class Questions:
    """Which photos are asked. `strict`: a bad row is an error, not an empty list."""

    catalogue: Path
    splits: Sequence[str] = QUERY_SPLITS
    columns: Mapping[str, str] | None = None
    images: Path | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Submitted:
    """What was written. `empty`: queries without an answer, as their photos cannot be used; `bad`: their rows, and
    rows that have no line of their own (an id that stands twice, a row that cannot be read).
    """

    generation: str
    photos: int
    queries: int
    empty: int
    bad: list[BadRow]
    bad_file: Path


def submit(
    bundles: Path, asked: Questions, out: Path, generation: str | None, threads: int, progress: Progress
) -> Submitted:
    """Answer every query with the ANSWERS nearest photos (not products) of a generation, and write `out`.

    Each query id has one line, in the catalogue's order; of an id that stands twice the first usable photo is asked.
    Raises BundleError, CatalogueError and InputError before anything is written.
    """
    opened = open_generation(bundles / (generation or current(bundles)))
    catalogue = open_queries(asked.catalogue, asked.columns, asked.images, asked.splits)
    _require_own_index(opened, asked)
    answers: dict[str, list[str]] = {row.image_id: [] for row in catalogue.entries() if isinstance(row, Row)}
    require_plain(answers, "query")
    work = out.with_name(f"{out.name}.encoded")
    queries = _encoded(opened, catalogue, asked, work, threads, progress)
    with progress.counting("search", len(queries.rows)) as advance:
        for row, embedding in zip(queries.rows, queries.embeddings, strict=True):
            answers[row.image_id] = nearest_photos(opened, embedding)
            advance()
    write_submission(out, answers)
    bad_file = out.with_suffix(".bad_rows.csv")
    bad_file.unlink(missing_ok=True)
    if queries.bad:
        write_bad_rows(bad_file, queries.bad)
    shutil.rmtree(work)
    empty = sum(not photos for photos in answers.values())
    return Submitted(opened.id, opened.manifest.rows, len(answers), empty, queries.bad, bad_file)


def nearest_photos(generation: Generation, embedding: Floats) -> list[str]:
    """The ids of the ANSWERS nearest photos in the order of answers: the short list, rescored, not grouped."""
    code, query = binarise(embedding, generation.thresholds), direction(embedding, generation.thresholds)
    hits = short_list(generation, code, max(generation.short_list, ANSWERS), generation.manifest.scope)
    return [found.image_id for found in order(generation, query, hits)[:ANSWERS]]


def _encoded(
    generation: Generation, catalogue: Catalogue, asked: Questions, work: Path, threads: int, progress: Progress
) -> Queries:
    """The usable queries, encoded; `bad` has all other rows. Raises CatalogueError if none is left, or if `strict`."""
    with progress.stage("check"):
        checked = check(catalogue, generation.card.preprocessing, photos=False, threads=threads)
    require_good(checked, asked.strict)
    encoder = Encoder(generation.folder, threads=threads, verify=False)
    progress.say(_plan(generation, encoder, len(checked.rows), threads))
    with progress.counting("encode queries", len(checked.rows)) as advance:
        folder = cache_folder(work, generation.card)
        queries = encode_queries(catalogue, checked.rows, encoder, folder, threads, advance)
    if not queries.rows or (asked.strict and queries.bad):
        raise CatalogueError(
            f"{asked.catalogue}: {len(queries.bad):,} of {counted(len(checked.rows), 'query', 'queries')} cannot be "
            f"used; the first: {queries.bad[0]}"
        )
    return replace(queries, bad=[*checked.bad, *queries.bad])


def _require_own_index(generation: Generation, asked: Questions) -> None:
    """Raise unless the generation holds photos, and those of the eProduct index if the queries come with that: a
    bundle of other photos would give a file full of ids that the challenge does not know.
    """
    rows = generation.manifest.rows
    if not rows:
        raise BundleError(f"{generation.folder} has no photos; index a catalogue with `twinshot index`")
    ids = generation.ids(np.unique(np.linspace(0, rows - 1, _LOOKED_AT).astype(np.int64)))[1]
    index = open_catalogue(asked.catalogue, columns=asked.columns, images=asked.images, splits={"index"})
    own = (row.image_id for row in index.entries() if isinstance(row, Row) and row.shelved)
    first = next(own, None)
    left = set() if first is None else set(ids) - {first}
    for image_id in own if left else ():
        left.discard(image_id)
    if left:
        raise InputError(
            f"{generation.id} holds photos that are not in the index of {asked.catalogue}, such as {min(left)!r}; "
            f"build it with `twinshot index {asked.catalogue}` without --index-splits"
        )


def _plan(generation: Generation, encoder: Encoder, queries: int, threads: int) -> str:
    """What is ahead, in seconds as measured just now."""
    encoder.warm(BATCH)
    began = time.perf_counter()
    encoder.warm(BATCH)
    encode = (time.perf_counter() - began) / BATCH + DECODE_SECONDS / threads
    set_threads(1)  # one query at a time: more threads only wait for each other
    random = np.random.default_rng(0).standard_normal((4, generation.card.bits)).astype(np.float32)
    nearest_photos(generation, random[0])
    began = time.perf_counter()
    for embedding in random[1:]:
        nearest_photos(generation, embedding)
    search = (time.perf_counter() - began) / 3
    return (
        f"plan: {counted(queries, 'query', 'queries')} against {counted(generation.manifest.rows, 'photo')}: "
        f"up to {queries * encode:,.0f} s to encode, about {queries * search:,.0f} s to search"
    )
