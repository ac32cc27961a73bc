"""Writing the report of a run beside the generation that it made."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.bundle.generation import open_generation
from engine.bundle.manifest import Manifest
from engine.catalogue.bad_row import BadRow, write_bad_rows
from engine.catalogue.catalogue import Catalogue
from engine.files import write_atomic
from engine.taxonomy import NO_PATH
from index_builder.calibrate import Calibrated
from index_builder.encode import EncodedRows
from index_builder.measuring import Measured
from index_builder.order import Order
from index_builder.report.before import before
from index_builder.report.confusion import confusion
from index_builder.report.costs import costs
from index_builder.report.distances import distances
from index_builder.report.examples import examples
from index_builder.report.faults import faults
from index_builder.report.headline import headline
from index_builder.report.look import look
from index_builder.report.made import made
from index_builder.report.page import render
from index_builder.report.pictures import Pictures, pictures
from index_builder.report.recall import recall
from index_builder.report.removed import removed
from index_builder.report.scores import scores

REPORT_FILE = "report.json"
REPORT_PAGE = "report.html"
BAD_ROWS_FILE = "bad_rows.csv"


def write_report(
    staged: Path,
    manifest: Manifest,
    order: Order,
    catalogue: Catalogue | None,
    encoded: EncodedRows,
    bad: Sequence[BadRow],
    stay_removed: Sequence[str],
    calibrated: Calibrated,
    measured: Measured,
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Write report.json, report.html, and bad_rows.csv where rows are bad, to `staged`; the figures without sections.

    stay_removed: products that the catalogue has and the log removed. seconds: of each stage.
    """
    if bad:
        write_bad_rows(staged / BAD_ROWS_FILE, bad)
    summary = _summary(manifest, encoded, stay_removed, calibrated.reason, seconds)
    generation, examined = open_generation(staged), measured.examined
    looked = look(generation, examined) if examined else None
    sections: dict[str, Any] = {
        "kind": "index",
        "headline": headline(manifest),
        "made": made(manifest, generation.card, order),
        "recall": recall(examined.evaluation if examined else None, measured.judges.source),
        "scores": scores(calibrated),
        "distances": distances(looked, generation.card.bits),
        "confusion": confusion(looked, manifest.categories),
        "examples": examples(looked, generation, manifest.calibration),
        "faults": faults(bad, encoded),
        "before": before(manifest, measured.live, manifest.quality["beside"]),
        "costs": costs(manifest, seconds),
    }
    shown = pictures(sections["examples"], generation, catalogue, measured.judges.rows) if catalogue is not None else {}
    write_both(staged, {**summary, **sections}, shown)
    return summary


def write_both(staged: Path, report: dict[str, Any], shown: Pictures) -> None:
    """report.json and report.html, of the same figures."""
    write_atomic(staged / REPORT_FILE, json.dumps(report, indent=1).encode())
    # a lone surrogate, as a file name may have one, is no text that a page can hold
    write_atomic(staged / REPORT_PAGE, render(report, shown).encode("utf-8", "backslashreplace"))


def _summary(
    manifest: Manifest,
    encoded: EncodedRows,
    stay_removed: Sequence[str],
    uncalibrated: str | None,
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    spent = {name: round(value, 3) for name, value in seconds.items()}
    return {
        "generation": manifest.generation,
        "catalogue": manifest.source.catalogue,
        "rows": manifest.rows,
        "products": manifest.products,
        "categories": sum(own.path != NO_PATH for own in manifest.categories),
        "bad_rows": manifest.source.bad_rows,
        "duplicate_photos": manifest.source.duplicate_photos,
        "stay_removed": removed(stay_removed),
        "new_photos": encoded.encoded,
        "photos_per_second": round(len(encoded.rows) / max(spent.get("encode", 0.0), 1e-3), 1),
        "thresholds_from": manifest.thresholds_from,
        "state_id": manifest.state_id,
        "includes_revision": manifest.includes_revision,
        "bytes": sum(record.bytes for record in manifest.files.values()),
        "seconds": spent,
        "quality": manifest.quality,
        "calibration": manifest.calibration.model_dump() if manifest.calibration else None,
        "uncalibrated": uncalibrated,
    }
