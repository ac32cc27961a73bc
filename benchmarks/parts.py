"""Benchmarks that are measured part by part, so that a run may be cut off."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from benchmarks.result import PROJECT, WORK, Claim, commit_of, today, write

Part = Callable[[Path], tuple[dict[str, Any], list[Claim]]]
"""Figures and claims of a part, measured on a bundle folder."""


class Measured(BaseModel):
    """What a part gave, at which commit and when; parts that were kept before dates were have none."""

    figures: dict[str, Any]
    claims: list[Claim]
    commit: str
    date: str | None = None


def measure(name: str, title: str, parts: Mapping[str, Part], bundles: Path, rows: int) -> dict[str, Any] | None:
    """Measure all parts and write the result; its figures. Parts named on the command line are only shown."""
    only = sys.argv[1:]
    figures: dict[str, Any] = {"rows": rows, "commits": {}, "dates": {}}
    claims: list[Claim] = []
    for part, work in parts.items():
        if only and part not in only:
            continue
        print(f"== {part}", file=sys.stderr, flush=True)
        if only:
            claims += work(bundles)[1]
            continue
        found = measured(work, bundles, WORK / name / "parts" / f"{part}-{rows}.json")
        figures[part], figures["commits"][part], figures["dates"][part] = found.figures, found.commit, found.date
        claims += found.claims
    if only:
        print(*claims, sep="\n")
        return None
    write(name, title, figures, claims)
    return figures


def measured(part: Part, bundles: Path, kept: Path) -> Measured:
    """A part measured now, or what an earlier run left of it in the file `kept`: each compares within itself.

    Delete the file to measure a part anew.
    """
    if not kept.exists():
        figures, claims = part(bundles)
        found = Measured(figures=figures, claims=claims, commit=commit_of(PROJECT), date=today())
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found.model_dump()), "utf-8")
    return Measured.model_validate(json.loads(kept.read_text("utf-8")))
