"""The hot path, top to bottom: decode, encode, search, rank. It knows no HTTP."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
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
from engine.calibration import scores_of
from engine.codes import Codes, Floats, unpack
from engine.index.protocol import Hits, Rows
from engine.live.view import LiveScope, View
from engine.page_address import page_address
from engine.preprocess import Box, crop, decode
from engine.ranking import Found, rank
from engine.taxonomy import LEVELS

ASKED = 100
"""Photos of one product that `similar` asks with: each is a scan, and a catalogue sets no limit to them."""


@dataclass(frozen=True, slots=True)
class Query:
    """One photo and what is asked of it.

    `need` = how many places of the ranked list must be known, at least NEEDED of engine.calibration for scores.
    """

    photo: bytes
    sha256: str
    need: int
    scope: LiveScope
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
            return embedded, answer_of(loaded.view, query, embedded, timing)

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


def answer_of(view: View, query: Query, embedded: Embedded, timing: Timing) -> Answer:
    """Search and rank."""
    timed = _Timed(view, view.thresholds)
    started = time.perf_counter()
    ranked = rank(timed, embedded.embedding, query.need, query.scope, query.exclude)
    found = ranked.found[: query.need]
    scored = scores_of(view.generation.manifest.calibration, [own.similarity for own in found])
    taxonomy = view.generation.card.taxonomy
    answer = Answer(
        matches=tuple(_matches(view, found, scored)),
        complete=ranked.complete and len(found) == len(ranked.found),
        categories={level: taxonomy.top(embedded.probabilities, level) for level in LEVELS},
        width=embedded.width,
        height=embedded.height,
    )
    _count(timing, started, timed)
    return answer


def similar(
    view: View, rows: Rows, need: int, scope: LiveScope, exclude: Collection[str], timing: Timing
) -> list[Match]:
    """The products nearest to any of the stored codes of the first ASKED `rows`, `need` at most.

    Each code is asked as the query ±1, whose similarity is 1 − 2 distance / bits, so that one order holds throughout.
    """
    timed = _Timed(view, np.zeros(view.generation.card.bits, dtype=np.float32))
    started = time.perf_counter()
    found: list[Found] = []
    for code in np.unique(view.codes(rows[:ASKED]), axis=0):
        signs = unpack(code).astype(np.float32) * 2 - 1
        found += rank(timed, signs, need, scope, exclude).found[:need]
    best: dict[str, Found] = {}
    for candidate in sorted(found, key=lambda own: (own.distance, own.product_id, own.image_id)):
        best.setdefault(candidate.product_id, candidate)
    shown = list(best.values())[:need]
    matches = list(_matches(view, shown, [None] * len(shown)))
    _count(timing, started, timed)
    return matches


def _count(timing: Timing, started: float, timed: "_Timed") -> None:
    """Share out the time since `started`. The scans lie scattered in it; a trace has them as one, at its beginning."""
    timing.add("search", timed.seconds, started + timed.seconds)
    timing.add("rank", time.perf_counter() - started - timed.seconds)


def _matches(view: View, found: Sequence[Found], own_scores: Sequence[float | None]) -> Iterator[Match]:
    categories, titles, urls = view.shown(np.array([own.row for own in found], dtype=np.int64))
    for own, category, title, url, score in zip(found, categories, titles, urls, own_scores, strict=True):
        path = view.categories[category].path
        yield Match(own.product_id, own.image_id, own.similarity, own.distance, title, page_address(url), path, score)


class _Timed:
    """A snapshot that adds up the time spent scanning codes, which `rank` would otherwise hide."""

    def __init__(self, view: View, thresholds: Floats) -> None:
        self._view = view
        self.thresholds = thresholds
        self.short_list = view.short_list
        self.seconds = 0.0

    def nearest(self, code: Codes, count: int, scope: LiveScope) -> Hits:
        return self._scan(lambda: self._view.nearest(code, count, scope))

    def within(self, code: Codes, radius: int, scope: LiveScope) -> Hits:
        return self._scan(lambda: self._view.within(code, radius, scope))

    def codes(self, rows: Rows) -> Codes:
        return self._view.codes(rows)

    def ids(self, rows: Rows) -> tuple[list[str], list[str]]:
        return self._view.ids(rows)

    def _scan(self, scan: Callable[[], Hits]) -> Hits:
        started = time.perf_counter()
        hits = scan()
        self.seconds += time.perf_counter() - started
        return hits
