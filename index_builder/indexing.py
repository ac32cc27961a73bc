"""`twinshot index`, from a catalogue and a model to a live generation."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.bundle.generation import open_generation
from engine.bundle.manifest import Manifest, Source
from engine.bundle.owner import owner_of, require_owner
from engine.bundle.store import named_live
from engine.catalogue.catalogue import Catalogue
from engine.catalogue.check import Checked, check
from engine.catalogue.doubtful import doubtful_splits
from engine.catalogue.row import Row
from engine.encoder import Encoder
from engine.errors import CatalogueError
from engine.files import locked
from engine.wording import counted
from index_builder.build import Ingredients, build_generation, write_manifest
from index_builder.cache import PhotoCache, cache_folder
from index_builder.calibrate import Calibrated, calibrate_generation
from index_builder.encode import BATCH, EncodedRows, encode_rows
from index_builder.logged import Word, incomplete, read_word
from index_builder.measuring import measure
from index_builder.order import Order
from index_builder.plan import Plan, make_plan, require_space
from index_builder.progress import Progress
from index_builder.publish import (
    clear_leftovers,
    next_generation_id,
    prune_cache,
    publish,
    staging_folder,
    why_deleted,
)
from index_builder.reading import NOTHING, open_for_index, require_rows
from index_builder.report.write import BAD_ROWS_FILE, write_report
from index_builder.thresholds import fit_thresholds

__all__ = ["Indexed", "Order", "index"]


@dataclass(frozen=True, slots=True)
class Indexed:
    """A published generation: its folder, its manifest, and the figures of the run."""

    folder: Path
    manifest: Manifest
    report: dict[str, Any]


def index(order: Order, progress: Progress) -> Indexed:
    """Encode, build, measure, publish. Until the last step the live generation is untouched.

    Raises CatalogueError, BundleError, StateError, UnavailableError, GateError (worse than the live generation) and
    BusyError.
    """
    with locked(order.out, order.patience):
        leftovers = clear_leftovers(order.out)
        if leftovers:
            progress.say(f"removed {counted(leftovers, 'unfinished file')} of an earlier run")
        return _Run(order, progress).index()


class _Run:
    """One run under the lock; each method is a stage."""

    def __init__(self, order: Order, progress: Progress) -> None:
        self._order, self._progress = order, progress
        self._generation = next_generation_id(order.out)
        self._owner = owner_of(order.out, named_live(order.out))
        self._word = self._read_word()
        self._encoder = Encoder(order.model, order.device, order.threads)
        self._card = self._encoder.card

    def index(self) -> Indexed:
        """All stages. What a failed run has staged is removed; what it has encoded stays."""
        order = self._order
        catalogue, checked, removed = self._check()
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
            judged = [*encoded.rows, *held_out]
            gone = self._word.deleted if self._word else ()
            measured = measure(order, staged, self._encoder, catalogue, judged, gone, self._progress)
            update = {"quality": measured.quality, "calibration": calibration.calibration}
            manifest = manifest.model_copy(update=update)
            seconds = dict(self._progress.seconds)
            with self._progress.stage("report"):
                report = write_report(
                    staged, manifest, order, catalogue, encoded, bad, removed, calibration, measured, seconds
                )
            write_manifest(staged, manifest)
            deleted = publish(staged, order.out, self._generation, order.keep)
            prune_cache(order.out)
        except Exception:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        if deleted:
            self._progress.say(why_deleted(deleted, order.keep))
        return Indexed(order.out / self._generation, manifest, report)

    def _read_word(self) -> Word | None:
        order = self._order
        if order.state is None:
            return None
        word = read_word(order.state)
        if not order.force:
            require_owner(
                self._owner, word.state_id, word.folder, "name its folder with --state, or use --force REASON"
            )
        self._progress.say(
            f"the log in {order.state}: {counted(len(word.changes), 'changed product')}, up to revision "
            f"{word.revision:,}"
        )
        return word

    @property
    def _state_id(self) -> str | None:
        """The state of the word, else the folder's own: a generation without the log's changes waits for them too."""
        if self._word is not None:
            return self._word.state_id
        return None if self._owner is None else self._owner.state_id

    def _check(self) -> tuple[Catalogue | None, Checked, list[str]]:
        """What is to be indexed, and the products of the catalogue that are not since the log removed them."""
        order = self._order
        catalogue, removed = open_for_index(order.catalogue, order.columns, order.images, order.splits, self._word)
        if catalogue is None:
            return None, NOTHING, removed
        with self._progress.stage("check"):
            # photos are looked at when they are encoded, once
            checked = check(catalogue, self._card.preprocessing, photos=False, threads=order.threads)
        require_rows(checked, order.splits, order.strict, self._word)
        if doubtful := doubtful_splits(checked.rows):
            self._progress.say(f"warning: {doubtful}")
        return catalogue, checked, removed

    def _plan(self, rows: int) -> Plan:
        order = self._order
        self._encoder.warm(BATCH)
        began = time.perf_counter()
        self._encoder.warm(BATCH)
        encode_seconds = (time.perf_counter() - began) / BATCH
        cached = len(PhotoCache(cache_folder(order.out, self._card), self._card.bits))
        plan = make_plan(rows, cached, self._card, order.model, order.wishes, encode_seconds, order.threads)
        self._progress.say(f"plan: {plan}")
        leaner = ", name another --out, or leave parts out with --no-thumbs and --no-keep-embeddings"
        require_space(order.out, plan.bytes, leaner)
        return plan

    def _encode(self, catalogue: Catalogue | None, rows: Sequence[Row], cache: PhotoCache) -> EncodedRows:
        if catalogue is None:
            return EncodedRows([], np.empty((0, 32), dtype=np.uint8), [], 0)
        with self._progress.counting("encode", len(rows)) as advance:
            encoded = encode_rows(catalogue, rows, self._encoder, cache, self._order.threads, advance)
        if encoded.bad and (self._order.strict or not encoded.rows):
            raise CatalogueError(
                f"{catalogue.name}: {len(encoded.bad):,} of {counted(len(rows), 'photo')} cannot be used; "
                f"the first: {encoded.bad[0]}"
            )
        if encoded.bad:
            self._progress.say(f"{counted(len(encoded.bad), 'unusable photo')} left out ({BAD_ROWS_FILE})")
        return encoded

    def _build(
        self, staged: Path, encoded: EncodedRows, cache: PhotoCache, plan: Plan, checked: Checked, bad: int
    ) -> Manifest:
        word = self._word
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
                state_id=self._state_id,
                includes_revision=word.revision if word else 0,
                incomplete=incomplete(word, encoded.rows, encoded.digests) if word else (),
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
