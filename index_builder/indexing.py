"""`twinshot index`, from a catalogue and a model to a live generation."""

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.bundle.generation import Generation, open_generation
from engine.bundle.manifest import Manifest, Source
from engine.bundle.store import CURRENT_FILE, current
from engine.catalogue.bad_row import BadRow, write_bad_rows
from engine.catalogue.catalogue import Catalogue, open_catalogue
from engine.catalogue.check import Checked, check, require_good
from engine.catalogue.row import Row
from engine.encoder import Device, Encoder
from engine.errors import BundleError, CatalogueError, GateError
from engine.files import locked, write_atomic
from engine.taxonomy import NO_PATH
from engine.wording import counted
from index_builder.build import Ingredients, build_generation, write_manifest
from index_builder.cache import PhotoCache, cache_folder
from index_builder.calibrate import Calibrated, calibrate_generation
from index_builder.encode import BATCH, EncodedRows, encode_rows
from index_builder.gate import Examiner, choose_judges, compare, faults, quality_of, require_pass
from index_builder.plan import Plan, Wishes, make_plan, require_space
from index_builder.progress import Progress
from index_builder.publish import clear_leftovers, next_generation_id, publish, staging_folder
from index_builder.thresholds import fit_thresholds

REPORT_FILE = "report.json"
BAD_ROWS_FILE = "bad_rows.csv"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be indexed, and how."""

    catalogue: Path | None
    """None makes a generation without rows: a shop with no products yet."""
    model: Path
    out: Path
    columns: dict[str, str] = field(default_factory=dict)
    images: Path | None = None
    splits: tuple[str, ...] = ()
    """The splits to index; none = as the catalogue's format says, else all but val, test and query."""
    strict: bool = False
    wishes: Wishes = field(default_factory=Wishes)
    keep: int = 3
    force: str | None = None
    threads: int = 1
    device: Device = "cpu"


@dataclass(frozen=True, slots=True)
class Indexed:
    """A published generation: its folder, its manifest, and the figures of the run."""

    folder: Path
    manifest: Manifest
    report: dict[str, Any]


def index(order: Order, progress: Progress) -> Indexed:
    """Encode, build, measure, publish. Until the last step the live generation is untouched.

    Raises CatalogueError, BundleError, UnavailableError, GateError (worse than the live generation) and BusyError.
    """
    with locked(order.out):
        leftovers = clear_leftovers(order.out)
        if leftovers:
            progress.say(f"removed {leftovers} unfinished files of an earlier run")
        return _Run(order, progress).index()


class _Run:
    """One run under the lock; each method is a stage."""

    def __init__(self, order: Order, progress: Progress) -> None:
        self._order, self._progress = order, progress
        self._generation = next_generation_id(order.out)
        self._encoder = Encoder(order.model, order.device, order.threads)
        self._card = self._encoder.card

    def index(self) -> Indexed:
        """All stages. What a failed run has staged is removed; what it has encoded stays."""
        order = self._order
        catalogue, checked = self._check()
        rows = [row for row in checked.rows if row.indexed]
        plan = self._plan(len(rows))
        features = self._card.features if plan.features else 0
        cache = PhotoCache(cache_folder(order.out, self._card), self._card.bits, features, plan.thumbs)
        encoded = self._encode(catalogue, rows, cache)
        bad = [*checked.bad, *encoded.bad]
        staged = staging_folder(order.out, self._generation)
        try:
            manifest = self._build(staged, encoded, cache, plan, checked, len(bad))
            held_out = [row for row in checked.rows if not row.indexed]
            calibration = self._calibrate(staged, catalogue, [*encoded.rows, *held_out])
            quality = self._measure(staged, catalogue, [*encoded.rows, *held_out])
            manifest = manifest.model_copy(update={"quality": quality, "calibration": calibration.calibration})
            report = self._report(staged, manifest, encoded, bad, calibration.reason)
            write_manifest(staged, manifest)
            deleted = publish(staged, order.out, self._generation, order.keep)
        except Exception:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        if deleted:
            self._progress.say(f"deleted {', '.join(deleted)}: the newest {order.keep} generations stay")
        return Indexed(order.out / self._generation, manifest, report)

    def _check(self) -> tuple[Catalogue | None, Checked]:
        order = self._order
        if order.catalogue is None:
            return None, Checked("(empty)", [], [], [], photos=False)
        catalogue = open_catalogue(
            order.catalogue, columns=order.columns, images=order.images, shelf=order.splits or None
        )
        with self._progress.stage("check"):
            # photos are looked at when they are encoded, once
            checked = check(_needed(catalogue), self._card.preprocessing, photos=False, threads=order.threads)
        if order.splits and not any(row.indexed for row in checked.rows):
            raise CatalogueError(
                f"{checked.name} has no usable row of --index-splits {','.join(order.splits)}; "
                f"`twinshot check {checked.name}` counts its splits and lists bad rows"
            )
        require_good(checked, order.strict)
        if not any(row.indexed for row in checked.rows):
            raise CatalogueError(
                f"{checked.name} has no row to index: all {len(checked.rows):,} are of the splits val, test or query; "
                "start a shop without products with --empty"
            )
        return catalogue, checked

    def _plan(self, rows: int) -> Plan:
        order = self._order
        self._encoder.warm(BATCH)
        began = time.perf_counter()
        self._encoder.warm(BATCH)
        encode_seconds = (time.perf_counter() - began) / BATCH
        cached = len(PhotoCache(cache_folder(order.out, self._card), self._card.bits))
        plan = make_plan(rows, cached, self._card, order.model, order.wishes, encode_seconds, order.threads)
        self._progress.say(f"plan: {plan}")
        require_space(plan, order.out)
        return plan

    def _encode(self, catalogue: Catalogue | None, rows: Sequence[Row], cache: PhotoCache) -> EncodedRows:
        if catalogue is None:
            return EncodedRows([], np.empty((0, 32), dtype=np.uint8), [], 0)
        with self._progress.counting("encode", len(rows)) as advance:
            encoded = encode_rows(catalogue, rows, self._encoder, cache, self._order.threads, advance)
        if encoded.bad and (self._order.strict or not encoded.rows):
            raise CatalogueError(
                f"{catalogue.name}: {len(encoded.bad):,} of {len(rows):,} photos cannot be used; "
                f"the first: {encoded.bad[0]}"
            )
        if encoded.bad:
            self._progress.say(f"{counted(len(encoded.bad), 'photo')} cannot be used and left out ({BAD_ROWS_FILE})")
        return encoded

    def _build(
        self, staged: Path, encoded: EncodedRows, cache: PhotoCache, plan: Plan, checked: Checked, bad: int
    ) -> Manifest:
        with self._progress.stage("build"):
            given = Ingredients(
                generation=self._generation,
                model=self._order.model,
                card=self._card,
                encoded=encoded,
                cache=cache,
                thresholds=fit_thresholds(cache, encoded.digests, self._card),
                plan=plan,
                shard_rows=self._order.wishes.shard_rows,
                source=Source(
                    catalogue=checked.name,
                    rows_read=len(checked.rows) + len(checked.bad),
                    bad_rows=bad,
                    duplicate_photos=encoded.duplicates,
                ),
            )
            return build_generation(staged, given)

    def _calibrate(self, staged: Path, catalogue: Catalogue | None, rows: Sequence[Row]) -> Calibrated:
        """How similarities of what is staged become scores."""
        if catalogue is None:
            return Calibrated(None, "there is no photo yet")
        with self._progress.stage("calibrate"):
            return calibrate_generation(
                open_generation(staged),
                self._encoder,
                catalogue,
                rows,
                cache_folder(self._order.out, self._card),
                self._order.threads,
                self._progress,
            )

    def _measure(self, staged: Path, catalogue: Catalogue | None, rows: Sequence[Row]) -> dict[str, Any]:
        """The quality of what is staged, and GateError if it may not replace the live generation."""
        new, live = open_generation(staged), self._live()
        judges = choose_judges(rows)
        quality: dict[str, Any] = {"queries": None}
        beside: dict[str, Any] = {"generation": live.id, "rows": live.manifest.rows} if live else {}
        if catalogue is not None and judges.rows:
            examiner = Examiner(catalogue, judges, self._order.out, self._order.threads, self._progress)
            with self._progress.stage("measure"):
                own = examiner.examine(new, self._encoder)
                quality = quality_of(own, judges)
                if live is not None and live.manifest.rows:
                    beside = compare(own, examiner.examine(live, self._live_encoder(live)))
        reasons = faults(new.manifest.rows, beside) if beside else []
        require_pass(self._generation, reasons, self._order.force)
        return {**quality, "beside": beside or None, "forced": self._order.force, "faults": reasons}

    def _live(self) -> Generation | None:
        if not (self._order.out / CURRENT_FILE).exists():
            return None
        try:
            return open_generation(self._order.out / current(self._order.out))
        except BundleError as error:
            if self._order.force:
                self._progress.say(f"not compared with the live generation: {error}")
                return None
            raise GateError(f"the live generation cannot be compared with: {error}, or use --force REASON") from error

    def _live_encoder(self, live: Generation) -> Encoder:
        same = live.card.onnx_sha256 == self._card.onnx_sha256
        return self._encoder if same else Encoder(live.folder, self._order.device, self._order.threads)

    def _report(
        self, staged: Path, manifest: Manifest, encoded: EncodedRows, bad: Sequence[BadRow], uncalibrated: str | None
    ) -> dict[str, Any]:
        seconds = {name: round(value, 3) for name, value in self._progress.seconds.items()}
        report: dict[str, Any] = {
            "generation": manifest.generation,
            "catalogue": manifest.source.catalogue,
            "rows": manifest.rows,
            "products": manifest.products,
            "categories": sum(own.path != NO_PATH for own in manifest.categories),
            "bad_rows": manifest.source.bad_rows,
            "duplicate_photos": manifest.source.duplicate_photos,
            "new_photos": encoded.encoded,
            "photos_per_second": round(len(encoded.rows) / max(seconds.get("encode", 0.0), 1e-3), 1),
            "thresholds_from": manifest.thresholds_from,
            "bytes": sum(record.bytes for record in manifest.files.values()),
            "seconds": seconds,
            "quality": manifest.quality,
            "calibration": manifest.calibration.model_dump() if manifest.calibration else None,
            "uncalibrated": uncalibrated,
        }
        write_atomic(staged / REPORT_FILE, json.dumps(report, indent=1).encode())
        if bad:
            write_bad_rows(staged / BAD_ROWS_FILE, bad)
        return report


def _needed(catalogue: Catalogue) -> Catalogue:
    """Without the rows that were put off the shelf, such as eProduct's training photos, but for those that judge."""

    def entries() -> Iterator[Row | BadRow]:
        return (e for e in catalogue.entries() if isinstance(e, BadRow) or e.shelved is not False or e.split == "val")

    return Catalogue(catalogue.name, catalogue.photos, entries)
