"""The floor: the functions of the hot path one after another, without HTTP, without threads, without a cache."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.cache.entries import KEPT
from app.live import Loaded
from app.loading import load
from app.search import Query, answer_of, embed
from app.settings import Settings
from app.telemetry import Timing
from benchmarks.serve.photos import Photo, fresh
from engine.index.flat import set_threads

STAGES = ("hash", "decode", "encode", "search", "rank")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one photo: on the clock, of the processor, and by stage."""

    wall: float
    cpu: float
    stages: dict[str, float]


class Bare:
    """The hot path of a bundle."""

    def __init__(self, bundles: Path) -> None:
        set_threads(1)
        # one thread, as the service on one core has it
        self.loaded: Loaded = load(Settings(bundles=bundles, threads=1))

    def one(self, data: bytes) -> Cost:
        """Hash, decode, encode, search and rank one photo."""
        timing = Timing()
        wall, cpu = time.perf_counter(), time.process_time()
        digest = hashlib.sha256(data).hexdigest()
        hashed = time.perf_counter() - wall
        query = Query(data, digest, KEPT, self.loaded.view.everything)
        answer_of(self.loaded.view, query, embed(self.loaded, query, timing), timing)
        stages = {"hash": hashed} | {str(stage): seconds for stage, seconds in timing.seconds.items()}
        return Cost(time.perf_counter() - wall, time.process_time() - cpu, stages)

    def many(self, photos: Sequence[Photo], seconds: float) -> Iterator[Cost]:
        """The photos in turn, for so long."""
        end, number = time.perf_counter() + seconds, 0
        while time.perf_counter() < end:
            yield self.one(fresh(photos[number % len(photos)]))
            number += 1
