"""The short report of a compaction: what was folded in, and of which generation its quality says something."""

from pathlib import Path
from typing import Any

from engine.bundle.manifest import Manifest
from engine.model import ModelCard
from index_builder.report.before import before
from index_builder.report.costs import costs
from index_builder.report.headline import headline
from index_builder.report.made import made
from index_builder.report.missing import Section
from index_builder.report.write import write_both

SHOWN = 20


def write_compaction_report(staged: Path, manifest: Manifest, old: Manifest, card: ModelCard, run: Section) -> None:
    """Write report.json and report.html to `staged`. run: the figures of the compaction, which go into both."""
    left_out = run["left_out"]
    sections: dict[str, Any] = {
        "kind": "compaction",
        "headline": headline(manifest),
        "quality": manifest.quality,
        "made": made(manifest, card, None),
        "folded": {
            **{name: run[name] for name in ("changes", "includes_revision", "rows_added", "rows_gone")},
            "left_out": left_out[:SHOWN],
            "left_out_count": len(left_out),
            "measured": manifest.quality["of"] if manifest.quality.get("answered") else None,
        },
        "before": before(manifest, old, None),
        "costs": costs(manifest, run["seconds"]),
    }
    write_both(staged, {**run, **sections}, {})
