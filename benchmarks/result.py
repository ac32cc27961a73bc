"""The common form of a result."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

PROJECT = Path(__file__).resolve().parents[1]
RESULTS = PROJECT / "benchmarks" / "results"
WORK = PROJECT / "var" / "bench"
OUTPUTS = ("benchmarks/results", "docs/benchmarks.md", "docs/recognition.md", "docs/pictures")
"""What benchmarks write into the project, besides pictures."""
QUICK = os.environ.get("QUICK") == "1"
"""The short form: the same code on less data."""


class Claim(BaseModel):
    """One figure with its target. `holds` is None where there is no target: the figure is only reported."""

    model_config = ConfigDict(extra="forbid")

    name: str
    value: float
    unit: str
    target: float | None
    better: Literal["higher", "lower"]
    holds: bool | None
    note: str = ""


class Result(BaseModel):
    """What one benchmark found.

    `commit` and `measured` say when it was written; what is measured part by part says in `figures` when each was.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    title: str
    commit: str
    measured: str
    machine: dict[str, Any]
    quick: bool
    figures: dict[str, Any]
    claims: list[Claim]


def claim(
    name: str, value: float, unit: str, target: float | None, better: Literal["higher", "lower"], note: str = ""
) -> Claim:
    """A claim, judged."""
    holds = None if target is None else value >= target if better == "higher" else value <= target
    return Claim(name=name, value=round(value, 4), unit=unit, target=target, better=better, holds=holds, note=note)


def write(name: str, title: str, figures: dict[str, Any], claims: list[Claim]) -> Path:
    """Write benchmarks/results/<name>.json and print the claims."""
    result = Result(
        name=name,
        title=title,
        commit=commit_of(PROJECT),
        measured=today(),
        machine=machine(),
        quick=QUICK,
        figures=figures,
        claims=claims,
    )
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result.model_dump(), indent=1) + "\n", encoding="utf-8")
    for own in claims:
        state = {True: "holds", False: "MISSED", None: "reported"}[own.holds]
        target = "" if own.target is None else f" (target {own.target:g})"
        print(f"{state:>8}  {own.name}: {own.value:g} {own.unit}{target}")
    return path


def today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def commit_of(project: Path) -> str:
    """The commit of `project`, with `+changes` if anything differs from it that a measurement could depend on.

    Results and the page made from them do not: an earlier benchmark of the same commit has just written them.
    """
    git = ["git", "-C", str(project)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    status = [
        *git,
        "status",
        "--porcelain",
        "--",
        ".",
        *(f":(exclude){path}" for path in OUTPUTS),
        ":(exclude,glob)docs/*.svg",
    ]
    changed = subprocess.run(status, capture_output=True, text=True, check=False).stdout
    return (head.stdout.strip() or "unknown") + ("+changes" if changed.strip() else "")


def machine() -> dict[str, Any]:
    model = platform.processor() or "unknown"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = (line for line in cpuinfo.read_text().splitlines() if line.startswith("model name"))
        model = next(lines, f": {model}").partition(":")[2].strip()
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
