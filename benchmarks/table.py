"""docs/benchmarks.md, made from benchmarks/results/*.json: python -m benchmarks.table [--check]."""

import sys

from benchmarks.result import PROJECT, RESULTS, Result

PAGE = PROJECT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Made by `python -m benchmarks.table` from `benchmarks/results/*.json`; do not edit. Each table is one run of
`make bench-<name>`. The machines are small and shared: absolute times are noisy, the claims compare two things
measured in one run. A claim without a target is reported only.
"""


def page() -> str:
    """The page as it should stand."""
    parts = [HEAD]
    for path in sorted(RESULTS.glob("*.json")):
        result = Result.model_validate_json(path.read_bytes())
        machine = f"{result.machine['cores']} × {result.machine['cpu']}"
        form = ", short form" if result.quick else ""
        parts.append(f"\n## {result.title}\n")
        parts.append(
            f"`make bench-{result.name.replace('_', '-')}`{form}; {machine}; {result.measured}; {result.commit}\n"
        )
        parts.append("| claim | value | target | holds | note |\n|---|---|---|---|---|")
        for own in result.claims:
            target = "" if own.target is None else f"{'≥' if own.better == 'higher' else '≤'} {own.target:g}"
            holds = {True: "yes", False: "**no**", None: ""}[own.holds]
            parts.append(f"| {own.name} | {own.value:g} {own.unit} | {target} | {holds} | {own.note} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def main() -> int:
    """Write the page, or with --check say whether it stands as it should."""
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
