"""Run cells and keep what they gave, one file each: a study that was cut off goes on where it was."""

import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks.result import PROJECT, QUICK, RESULTS, WORK, commit_of, machine
from benchmarks.study.cell import Cell, model_of, precision_of
from benchmarks.study.measure import measure

CELLS = WORK / "quick" if QUICK else RESULTS / "recognition"
"""The short form keeps its own elsewhere: they are no results."""


def result_of(cell: Cell, threads: int) -> dict[str, Any]:
    """The file of `cell`; it is run if there is none, or one of another recipe under the same name."""
    if (kept := kept_of(cell)) is not None:
        return kept
    model, minutes = model_of(cell, threads)
    found = {
        "cell": cell.described(),
        "commit": commit_of(PROJECT),
        "machine": machine(),
        "minutes": round(minutes, 1),
        "precision": precision_of(cell),
        "protocols": measure(cell, model, threads),
    }
    _write(_path(cell), found)
    shutil.rmtree(cell.folder / "bundles", ignore_errors=True)
    return found


def kept_of(cell: Cell) -> dict[str, Any] | None:
    """The file of `cell` if there is one, and it is of this recipe."""
    if not _path(cell).exists():
        return None
    found: dict[str, Any] = json.loads(_path(cell).read_text(encoding="utf-8"))
    return found if cell.is_described_by(found["cell"]) else None


def _path(cell: Cell) -> Path:
    return CELLS / f"{cell.key}.json"


def _write(path: Path, found: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_suffix(".partial")
    staging.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    staging.rename(path)
