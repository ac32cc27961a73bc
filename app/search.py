"""The hot path, top to bottom: decode, encode, search, rank. It knows no HTTP."""

import dataclasses
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.cache.base import Cache
from app.cache.entries import (
    Answer,
    Embedded,
    Match,
    answer_key,
    embedding_key,
    pack_answer,
    pack_embedded,
    unpack_answer,
    unpack_embedded,
)
from app.caller import Caller
from app.compute import Compute
from app.flights import Flight, Flights
from app.live import Loaded
from app.telemetry import Layer, Telemetry, Timing
from engine.bundle.generation import Generation
from engine.calibration import scores
from engine.codes import Codes, Floats, unpack
from engine.index.protocol import Hits, Rows, Scope
from engine.preprocess import Box, crop, decode
from engine.ranking import Found, rank
from engine.scope import scope_of
from engine.taxonomy import LEVELS


@dataclass(frozen=True, slots=True)
class Query:
    """One photo and what is asked of it.

    `need` = how many places of the ranked list must be known, at least NEEDED of engine.calibration for scores.
    """

    photo: bytes
    sha256: str
    need: int
    scope: Scope
    exclude: frozenset[str] = frozenset()
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Searcher:
    """Answers queries; holds what every query needs."""

    compute: Compute
    cache: Cache
    telemetry: Telemetry
    flights: Flights[Answer]

    async def search(self, loaded: Loaded, query: Query, timing: Timing, caller: Caller) -> tuple[Answer, bool]:
        """The ranked list for a photo, at least `need` long or complete, and whether the cache had it.

        Raises PhotoError, QueueFullError and CallerGoneError.
        """
        key = answer_key(loaded, query.sha256, query.box, query.scope, query.exclude)
        with timing.stage("cache"):
            packed, seen = await self.cache.get(key, embedding_key(loaded, query.sha256, query.box))
            answer = unpack_answer(packed or b"")
        cached = answer is not None and answer.reaches(query.need)
        self.telemetry.looked_up("answer", cached)
        if answer is None or not cached:

            async def work(flight: Flight[Answer]) -> Answer:
                return await self._fresh(loaded, query, timing, key, unpack_embedded(seen or b""), flight)

            answer = await self.flights.join(f"{key}:{query.need}", caller, work)
        self.telemetry.photo_done(timing)
        return answer, cached

    async def _fresh(
        self, loaded: Loaded, query: Query, timing: Timing, key: str, seen: Embedded | None, flight: Flight[Answer]
    ) -> Answer:
        self.telemetry.looked_up("embedding", seen is not None)

        def work() -> tuple[Embedded, Answer]:
            embedded = seen or embed(loaded, query, timing)
            return embedded, answer_of(loaded.generation, query, embedded, timing)

        embedded, answer = await self.compute.run(timing, work, flight.begun, flight.check_wanted)
        entries: list[tuple[Layer, str, bytes]] = [("answer", key, pack_answer(answer))]
        if seen is None:
            entries.append(("embedding", embedding_key(loaded, query.sha256, query.box), pack_embedded(embedded)))
        for layer, own_key, value in entries:
            self.telemetry.put(layer, own_key, value)
        with timing.stage("cache"):
            await self.cache.put({own_key: value for _, own_key, value in entries})
        return answer


def embed(loaded: Loaded, query: Query, timing: Timing) -> Embedded:
    """Decode a photo and encode it. Raises PhotoError."""
    spec = loaded.encoder.card.preprocessing
    with timing.stage("decode"):
        photo = decode(query.photo, spec, query.box)
        pixels = crop(photo, spec, query.box)
    with timing.stage("encode"):
        encoded = loaded.encoder.encode(pixels[None])
    return Embedded(encoded.embeddings[0], encoded.probabilities[0], photo.width, photo.height)


def answer_of(generation: Generation, query: Query, embedded: Embedded, timing: Timing) -> Answer:
    """Search and rank."""
    timed = _Timed(generation)
    started = time.perf_counter()
    ranked = rank(timed, embedded.embedding, query.need, query.scope, query.exclude)
    found = ranked.found[: query.need]
    taxonomy = generation.card.taxonomy
    answer = Answer(
        matches=tuple(_matches(generation, found, _scores(generation, found))),
        complete=ranked.complete and len(found) == len(ranked.found),
        categories={level: taxonomy.top(embedded.probabilities, level) for level in LEVELS},
        width=embedded.width,
        height=embedded.height,
    )
    timing.add("search", timed.seconds)
    timing.add("rank", time.perf_counter() - started - timed.seconds)
    return answer


def similar(
    generation: Generation, rows: Rows, need: int, scope: Scope, exclude: Collection[str], timing: Timing
) -> list[Match]:
    """The products nearest to any of the stored codes of `rows`, by the smallest distance, `need` at most.

    Each code is asked as the query ±1, whose similarity is 1 − 2 distance / bits, so that one order holds throughout.
    """
    zeros = np.zeros(generation.card.bits, dtype=np.float32)
    timed = _Timed(dataclasses.replace(generation, thresholds=zeros))
    started = time.perf_counter()
    found: list[Found] = []
    for code in np.unique(generation.codes(rows), axis=0):
        signs = unpack(code).astype(np.float32) * 2 - 1
        found += rank(timed, signs, need, scope, exclude).found[:need]
    best: dict[str, Found] = {}
    for candidate in sorted(found, key=lambda own: (own.distance, own.product_id, own.image_id)):
        best.setdefault(candidate.product_id, candidate)
    shown = list(best.values())[:need]
    matches = list(_matches(generation, shown, [None] * len(shown)))
    timing.add("search", timed.seconds)
    timing.add("rank", time.perf_counter() - started - timed.seconds)
    return matches


def scope_for(generation: Generation, categories: Iterable[str]) -> Scope:
    """The rows that `categories` leave, all where there are none. Raises ScopeError."""
    wanted = list(categories)
    return scope_of(wanted, generation.manifest.categories) if wanted else generation.manifest.scope


def _scores(generation: Generation, found: Sequence[Found]) -> Sequence[float | None]:
    calibration = generation.manifest.calibration
    if calibration is None:
        return [None] * len(found)
    return scores(calibration.formula, [own.similarity for own in found])


def _matches(generation: Generation, found: Sequence[Found], own_scores: Sequence[float | None]) -> Iterator[Match]:
    rows = np.array([own.row for own in found], dtype=np.int64)
    for own, category, title, score in zip(
        found, *generation.table.columns(rows, "category", "title"), own_scores, strict=True
    ):
        path = generation.manifest.categories[category].path
        yield Match(own.product_id, own.image_id, own.similarity, own.distance, title, path, score)


class _Timed:
    """A snapshot that adds up the time spent scanning codes, which `rank` would otherwise hide."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self.thresholds: Floats = generation.thresholds
        self.short_list = generation.short_list
        self.seconds = 0.0

    def nearest(self, code: Codes, count: int, scope: Scope) -> Hits:
        return self._scan(lambda: self._generation.nearest(code, count, scope))

    def within(self, code: Codes, radius: int, scope: Scope) -> Hits:
        return self._scan(lambda: self._generation.within(code, radius, scope))

    def codes(self, rows: Rows) -> Codes:
        return self._generation.codes(rows)

    def ids(self, rows: Rows) -> tuple[list[str], list[str]]:
        return self._generation.ids(rows)

    def _scan(self, scan: Callable[[], Hits]) -> Hits:
        started = time.perf_counter()
        hits = scan()
        self.seconds += time.perf_counter() - started
        return hits
