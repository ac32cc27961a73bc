"""What the service measures: one timing record a request feeds the histograms and the Server-Timing header."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    Summary,
    disable_created_metrics,
)

from app.cache.base import Held
from app.live import Loaded
from app.problems import KINDS

Stage = Literal["queue", "decode", "encode", "search", "rank", "cache"]
Layer = Literal["answer", "embedding"]
ChangeKind = Literal["put", "edit", "add_images", "delete_image", "delete", "unknown"]
"""What is done to a product; unknown: an operation of a batch that is none of them."""
Outcome = Literal["done", "refused", "replayed"]
OnStage = Callable[[Stage, float, float], None]
"""Is told of a stage: its name, how many seconds it took, and when it ended (time.perf_counter)."""
on_stage: ContextVar[OnStage | None] = ContextVar("on_stage", default=None)
"""Who is told of the stages of a request (app/traces.py)."""
_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Timing:
    """Seconds per stage of one photo. Written by one thread at a time."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.seconds: dict[Stage, float] = {}
        self._on_stage = on_stage.get()  # here: the threads that do the work know nothing of the request

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Add the time spent inside to `name`."""
        before = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - before)

    def add(self, name: Stage, seconds: float, ended: float | None = None) -> None:
        """Add `seconds` to `name`, which ended now, or at `ended` of time.perf_counter."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        if self._on_stage is not None:
            self._on_stage(name, seconds, time.perf_counter() if ended is None else ended)

    @property
    def took_ms(self) -> float:
        """Milliseconds since the record was made."""
        return round((time.perf_counter() - self.started) * 1000, 2)

    @property
    def header(self) -> str:
        """The value of Server-Timing, in milliseconds."""
        return ", ".join(f"{name};dur={seconds * 1000:.2f}" for name, seconds in self.seconds.items())


class Telemetry:
    """The metrics of one service, in a registry of their own (docs/monitoring.md lists them)."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, of no use here
        self.registry = CollectorRegistry()
        self._of_requests(self.registry)
        self._of_the_cache(self.registry)
        self._of_generations(self.registry)
        self._of_changes(self.registry)
        ProcessCollector(registry=self.registry)
        self._answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        # there from the start: where a series begins with 1, Prometheus sees no increase
        self._errors = {kind: self.errors.labels(kind) for kind in KINDS}
        # looked up once: finding a series by its labels costs more than counting in it
        self._stage_seconds = {stage: self.stage_seconds.labels(stage) for stage in get_args(Stage)}
        self._entry_bytes = {layer: self.cache_entry_bytes.labels(layer) for layer in get_args(Layer)}
        self._lookups = {
            (layer, hit): self.cache_lookups.labels(layer, "hit" if hit else "miss")
            for layer in get_args(Layer)
            for hit in (True, False)
        }

    def _of_requests(self, own: CollectorRegistry) -> None:
        self.requests = Counter("twinshot_requests", "Answered requests.", ["route", "method", "status"], registry=own)
        self.request_seconds = Histogram(
            "twinshot_request_seconds", "Time to answer.", ["route"], registry=own, buckets=_BUCKETS
        )
        self.errors = Counter("twinshot_errors", "Error answers by kind.", ["kind"], registry=own)
        self.stage_seconds = Histogram(
            "twinshot_stage_seconds", "Time a photo spent in a stage.", ["stage"], registry=own, buckets=_BUCKETS
        )
        self.queue_depth = Gauge("twinshot_queue_depth", "Photos that wait for a thread or have one.", registry=own)
        self.buffered_bytes = Gauge("twinshot_buffered_bytes", "Bytes of request bodies in memory.", registry=own)
        self.ready = Gauge("twinshot_ready", "1 while photos can be answered, else 0.", registry=own)

    def _of_the_cache(self, own: CollectorRegistry) -> None:
        self.cache_lookups = Counter(
            "twinshot_cache_lookups", "Cache look-ups by entry and outcome.", ["layer", "result"], registry=own
        )
        self.cache_entry_bytes = Summary(
            "twinshot_cache_entry_bytes", "Key and value of entries put into the cache.", ["layer"], registry=own
        )
        self.cache_entries = Gauge("twinshot_cache_entries", "Cache entries in this process.", registry=own)
        self.cache_bytes = Gauge("twinshot_cache_bytes", "Bytes of the cache in this process.", registry=own)
        self.cache_up = Gauge("twinshot_cache_up", "1 while the cache answers, else 0.", registry=own)

    def _of_generations(self, own: CollectorRegistry) -> None:
        self.generation = Gauge(
            "twinshot_generation_info", "1 for the live generation.", ["generation", "model"], registry=own
        )
        self.switches = Counter("twinshot_generation_switches", "Generations that took over.", registry=own)
        self.refusals = Counter("twinshot_generation_refusals", "Generations that were refused.", registry=own)
        self.refused = Gauge("twinshot_generation_refused", "1 while CURRENT names one that was refused.", registry=own)
        self.load_seconds = Gauge(
            "twinshot_generation_load_seconds", "From the look at CURRENT to the last switch.", registry=own
        )
        self.held = Gauge("twinshot_generations_held", "Generations in memory.", registry=own)
        self.rows = Gauge("twinshot_generation_rows", "Photos in the live generation.", registry=own)
        self.products = Gauge("twinshot_generation_products", "Products in the live generation.", registry=own)

    def _of_changes(self, own: CollectorRegistry) -> None:
        self.revision = Gauge("twinshot_revision", "Revision of the catalogue in every answer.", registry=own)
        self.added_rows = Gauge("twinshot_added_rows", "Photos in memory that came with changes.", registry=own)
        self.gone_rows = Gauge("twinshot_gone_rows", "Photos that are still held but there no more.", registry=own)
        self.changed_products = Gauge(
            "twinshot_changed_products", "Products with changes that the generation does not include.", registry=own
        )
        self.followed = Gauge("twinshot_changes_followed", "1 while the log of changes can be followed.", registry=own)
        self.changes = Counter("twinshot_changes", "Changes by kind and outcome.", ["kind", "outcome"], registry=own)
        self.change_seconds = Histogram(
            "twinshot_change_seconds",
            "From a whole request until it is acknowledged.",
            ["request"],
            registry=own,
            buckets=(*_BUCKETS, 30.0, 100.0),
        )

    def answered(self, route: str, method: str, status: int, seconds: float, problem: str | None) -> None:
        """Count an answer. `route` and `method` are of a few known ones; `problem` is the kind of an error."""
        series = self._answers.get((route, method, status))
        if series is None:
            series = self.requests.labels(route, method, status), self.request_seconds.labels(route)
            self._answers[route, method, status] = series
        series[0].inc()
        series[1].observe(seconds)
        if problem is not None:
            self._errors[problem].inc()

    def photo_done(self, timing: Timing) -> None:
        """Count the stages of one photo."""
        for stage, seconds in timing.seconds.items():
            self._stage_seconds[stage].observe(seconds)

    def changed(self, kind: ChangeKind, outcome: Outcome) -> None:
        """Count what became of a change."""
        self.changes.labels(kind, outcome).inc()

    @contextmanager
    def counting(self, kind: ChangeKind) -> Iterator[None]:
        """Count a change as refused where this ends with an error."""
        try:
            yield
        except Exception:
            self.changed(kind, "refused")
            raise

    def acknowledged(self, request: Literal["single", "batch"], timing: Timing) -> None:
        """Count the time since all of a request was there: what it did is on the disk, and searched."""
        self.change_seconds.labels(request).observe(timing.took_ms / 1000)

    def looked_up(self, layer: Layer, hit: bool) -> None:
        """Count a cache look-up."""
        self._lookups[layer, hit].inc()

    def put(self, layer: Layer, key: str, value: bytes) -> None:
        """Count an entry that goes into the cache. Keys are ASCII."""
        self._entry_bytes[layer].observe(len(key) + len(value))

    def caching(self, held: Held, up: bool) -> None:
        """Show how much the cache holds, and whether it answers."""
        self.cache_entries.set(held.entries)
        self.cache_bytes.set(held.bytes)
        self.cache_up.set(int(up))

    def switched(self, seconds: float) -> None:
        """Count a generation that took over, so many seconds after it was seen."""
        self.switches.inc()
        self.load_seconds.set(seconds)

    def describe(self, loaded: Loaded) -> None:
        """Show `loaded` as the live generation."""
        manifest = loaded.generation.manifest
        self.generation.clear()
        self.generation.labels(manifest.generation, manifest.model.onnx_sha256[:12]).set(1)
        self.rows.set(loaded.view.rows)
        self.products.set(loaded.view.products)
        self.revision.set(loaded.revision)
        self.added_rows.set(loaded.view.added_rows)
        self.gone_rows.set(loaded.view.gone_rows)
        self.changed_products.set(loaded.view.changed_products)
