"""docs/benchmarks.md, made from benchmarks/results/*.json: python -m benchmarks.table [--check]."""

import sys
from typing import Any

from benchmarks.result import PROJECT, RESULTS, Result

PAGE = PROJECT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Made by `python -m benchmarks.table` from `benchmarks/results/*.json`; do not edit. Each table is one run of
`make bench-<name>`, or several where its heading names parts: a part is kept until it is measured anew. The machines
are small and shared: absolute times are noisy, the claims compare two things measured in one run. A claim without a
target is reported only.
"""


def page() -> str:
    """The page as it should stand."""
    parts = [HEAD]
    for path in sorted(RESULTS.glob("*.json")):
        result = Result.model_validate_json(path.read_bytes())
        parts.append(f"\n## {result.title}\n\n{heading(result)}\n")
        parts.append("| claim | value | target | holds | note |\n|---|---|---|---|---|")
        for own in result.claims:
            target = "" if own.target is None else f"{'≥' if own.better == 'higher' else '≤'} {own.target:g}"
            holds = {True: "yes", False: "**no**", None: ""}[own.holds]
            parts.append(f"| {own.name} | {own.value:g} {own.unit} | {target} | {holds} | {own.note} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def heading(result: Result) -> str:
    """How, where, when and of which commit a table is; where its parts are not all of one, of each."""
    form = ", short form" if result.quick else ""
    command = f"`make bench-{result.name.replace('_', '-')}`{form}"
    machine = f"{result.machine['cores']} × {result.machine['cpu']}"
    whole = f"{result.measured}, {result.commit}"
    measured = measured_parts(result.figures)
    parts = [f"{when}: {', '.join(f'`{part}`' for part in own)}" for when, own in measured.items()]
    return "; ".join((command, machine, *(parts if len(parts) > 1 else measured or (whole,))))


def measured_parts(figures: dict[str, Any]) -> dict[str, list[str]]:
    """The parts of each commit, with the date if it is known; none where a result has no parts."""
    found: dict[str, list[str]] = {}
    for part, commit in figures.get("commits", {}).items():
        date = figures.get("dates", {}).get(part)
        found.setdefault(f"{date}, {commit}" if date else commit, []).append(part)
    return found


def main() -> int:
    """Write the page, or with --check say whether it stands as it should."""
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
