"""Benchmarks that are measured part by part, so that a run may be cut off."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.result import PROJECT, WORK, Claim, commit_of, write

Part = Callable[[Path], tuple[dict[str, Any], list[Claim]]]
"""Figures and claims of a part, measured on a bundle folder."""


def measure(name: str, title: str, parts: Mapping[str, Part], bundles: Path, rows: int) -> dict[str, Any] | None:
    """Measure all parts and write the result; its figures. Parts named on the command line are only shown."""
    only = sys.argv[1:]
    figures: dict[str, Any] = {"rows": rows, "commits": {}}
    claims: list[Claim] = []
    for part, work in parts.items():
        if only and part not in only:
            continue
        print(f"== {part}", file=sys.stderr, flush=True)
        if only:
            figures[part], own = work(bundles)
        else:
            kept = WORK / name / "parts" / f"{part}-{rows}.json"
            figures[part], own, figures["commits"][part] = measured(work, bundles, kept)
        claims += own
    if only:
        print(*claims, sep="\n")
        return None
    write(name, title, figures, claims)
    return figures


def measured(part: Part, bundles: Path, kept: Path) -> tuple[dict[str, Any], list[Claim], str]:
    """A part and its commit, or what an earlier run left of it in the file `kept`: each compares within itself.

    Delete the file to measure a part anew.
    """
    if not kept.exists():
        figures, claims = part(bundles)
        kept.parent.mkdir(parents=True, exist_ok=True)
        found = {"figures": figures, "claims": [own.model_dump() for own in claims], "commit": commit_of(PROJECT)}
        kept.write_text(json.dumps(found), "utf-8")
    found = json.loads(kept.read_text("utf-8"))
    return found["figures"], [Claim.model_validate(own) for own in found["claims"]], found["commit"]
