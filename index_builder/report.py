"""What a run of `twinshot index` says of itself, beside the generation that it made."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.bundle.manifest import Manifest
from engine.catalogue.bad_row import BadRow, write_bad_rows
from engine.files import write_atomic
from engine.taxonomy import NO_PATH
from index_builder.encode import EncodedRows

REPORT_FILE = "report.json"
BAD_ROWS_FILE = "bad_rows.csv"


def write_report(
    staged: Path,
    manifest: Manifest,
    encoded: EncodedRows,
    bad: Sequence[BadRow],
    uncalibrated: str | None,
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Write report.json, and bad_rows.csv where rows are bad, to `staged`; the report.

    uncalibrated: why there are no scores; seconds: of each stage.
    """
    spent = {name: round(value, 3) for name, value in seconds.items()}
    report: dict[str, Any] = {
        "generation": manifest.generation,
        "catalogue": manifest.source.catalogue,
        "rows": manifest.rows,
        "products": manifest.products,
        "categories": sum(own.path != NO_PATH for own in manifest.categories),
        "bad_rows": manifest.source.bad_rows,
        "duplicate_photos": manifest.source.duplicate_photos,
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
    write_atomic(staged / REPORT_FILE, json.dumps(report, indent=1).encode())
    if bad:
        write_bad_rows(staged / BAD_ROWS_FILE, bad)
    return report
