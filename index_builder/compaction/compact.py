"""`twinshot compact`: the live generation and the changes since become a new one, and it goes live."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from engine.bundle.generation import open_generation
from engine.bundle.manifest import Manifest, read_manifest
from engine.bundle.owner import owner_of, require_owner
from engine.bundle.store import current, names, require_bundles
from engine.changes.long_reads import count_after
from engine.changes.state import State, open_state
from engine.changes.tidy import Tidied, tidy
from engine.encoder import Encoder
from engine.errors import BundleError, StateError
from engine.files import locked
from engine.live.photo_codes import model_key
from engine.model import read_card
from engine.wording import counted
from index_builder.build import seal, write_manifest
from index_builder.compaction.check import require_exact
from index_builder.compaction.fold import Folded, fold
from index_builder.compaction.merge import Merged, merge
from index_builder.compaction.write import Sources, write_files
from index_builder.plan import require_space
from index_builder.progress import Progress
from index_builder.publish import clear_leftovers, next_generation_id, publish, staging_folder, tidying_up, why_deleted
from index_builder.report.compaction import write_compaction_report
from index_builder.report.write import REPORT_FILE


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a run has done: `folder` is that of the new generation, None where there was nothing to fold."""

    folder: Path | None
    report: dict[str, Any]


def compact(bundles: Path, state_folder: Path, keep: int, threads: int, progress: Progress) -> Compacted:
    """Fold the log into a new generation and make it live; then delete what neither log nor generations need.

    keep: full generations that stay; threads: for photos that the model has not seen. Until the last step the live
    generation is untouched. Raises BundleError, StateError, UnavailableError (no space), GateError, BusyError and
    UntidyError (it is live).
    """
    require_bundles(bundles)
    state = open_state(state_folder, begin=False)
    try:
        with locked(bundles):
            clear_leftovers(bundles)
            live = read_manifest(bundles / current(bundles))
            _require_log(bundles, state, live)
            if count_after(state.log, live.includes_revision):
                compacted = _Run(bundles, state, threads, progress).compact(keep)
            else:
                report = {"generation": live.generation, "changes": 0, "includes_revision": live.includes_revision}
                compacted = Compacted(None, report)
            with tidying_up(compacted.report["generation"]):
                tidied = tidy(state, _models(bundles))
        return Compacted(compacted.folder, {**compacted.report, "deleted": _deleted(tidied)})
    finally:
        state.close()


class _Run:
    """One compaction under the lock."""

    def __init__(self, bundles: Path, state: State, threads: int, progress: Progress) -> None:
        self._bundles, self._state, self._progress = bundles, state, progress
        self._generation = next_generation_id(bundles)
        with progress.stage("verify"):
            # what is copied gets new checksums: a damaged file must not become a good one
            self._base = open_generation(bundles / current(bundles), verify=True)
        self._encoder = cache(lambda: Encoder(self._base.folder, threads=threads, verify=False))

    def compact(self, keep: int) -> Compacted:
        """All stages. What a failed or stopped run has staged is removed."""
        base, progress = self._base, self._progress
        require_space(self._bundles, sum(record.bytes for record in base.manifest.files.values()))
        staged = staging_folder(self._bundles, self._generation)
        try:
            with progress.stage("fold"):
                folded = fold(base, self._state, self._encoder)
            with progress.stage("merge"):
                merged = merge(base, folded)
            with progress.stage("write"):
                write_files(staged, Sources(base, folded.added, self._state), merged)
                manifest = self._manifest(staged, folded, merged)
                write_manifest(staged, manifest)
            with progress.stage("check"):
                require_exact(open_generation(staged), base, folded, merged)
            report = self._report(manifest, folded)
            write_compaction_report(staged, manifest, base.manifest, base.card, report)
            gone = publish(staged, self._bundles, self._generation, keep)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        if folded.left_out:
            image_id, reason = folded.left_out[0]
            progress.say(
                f"{counted(len(folded.left_out), 'photo')} left out ({REPORT_FILE}); the first: {image_id}: {reason}"
            )
        if gone:
            progress.say(why_deleted(gone, keep))
        return Compacted(self._bundles / self._generation, report)

    def _manifest(self, staged: Path, folded: Folded, merged: Merged) -> Manifest:
        old = self._base.manifest
        shards = Sources(self._base, folded.added, self._state).shards(len(merged.source))
        return old.model_copy(
            update={
                "generation": self._generation,
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "rows": len(merged.source),
                "products": folded.products,
                "categories": merged.categories,
                "shards": shards,
                "files": seal(staged),
                "source": old.source.model_copy(update={"compacted_from": old.generation}),
                # measured when the generation was built from which all compactions since were made
                "quality": {**old.quality, "of": old.quality.get("of", old.generation)},
                "state_id": self._state.log.state_id,
                "includes_revision": folded.revision,
                "incomplete": folded.incomplete,
            }
        )

    def _report(self, manifest: Manifest, folded: Folded) -> dict[str, Any]:
        return {
            "generation": manifest.generation,
            "compacted_from": self._base.id,
            "changes": len(folded.changed),
            "includes_revision": manifest.includes_revision,
            "rows": manifest.rows,
            "products": manifest.products,
            "rows_added": len(folded.added),
            "rows_gone": int(folded.gone.sum()),
            "left_out": [{"image_id": image_id, "reason": reason} for image_id, reason in folded.left_out],
            "bytes": sum(record.bytes for record in manifest.files.values()),
            "seconds": {name: round(value, 3) for name, value in self._progress.seconds.items()},
        }


def _require_log(bundles: Path, state: State, live: Manifest) -> None:
    require_owner(owner_of(bundles, live.generation), state.log.state_id, state.folder, "name its folder with --state")
    if state.log.revision < live.includes_revision:
        raise StateError(
            f"{state.log.path} ends at revision {state.log.revision:,}, but {live.generation} includes changes up to "
            f"{live.includes_revision:,}: the state is older than the generation (from a backup?); "
            "build a generation of it with `twinshot index --state`"
        )


def _models(bundles: Path) -> set[str]:
    """The keys of the models of all generations that are there."""
    found = set()
    for name in names(bundles):
        try:
            found.add(model_key(read_card(bundles / name, verify=False)))
        except BundleError:  # one that is damaged serves nobody; it is for `twinshot verify` to say so
            continue
    return found


def _deleted(own: Tidied) -> dict[str, int]:
    return {"photos": own.photos, "thumbs": own.thumbs, "embeddings": own.embeddings}
