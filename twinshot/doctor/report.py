"""What was found, for a person and for a program."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.wording import counted
from twinshot.doctor.finding import Finding

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


def print_json(findings: Sequence[Finding]) -> None:
    """One JSON object."""
    told: list[dict[str, Any]] = [own._asdict() for own in findings]
    print(json.dumps({"fit": not _has_failed(findings), "findings": told}, ensure_ascii=False))


def print_lines(findings: Sequence[Finding]) -> None:
    """A line for each finding, and one for all."""
    for own in findings:
        remedy = f" -> {own.remedy}" if own.remedy else ""
        print(f"{own.level:<8} {own.about:<18} {own.said}{remedy}")
    print(_sum(findings))


def print_table(findings: Sequence[Finding], console: "Console") -> None:
    """A mark for each finding, its remedy under it."""
    from rich.text import Text

    table = _grid()
    for own in findings:
        mark, colour = _MARKS[own.level]
        said = Text(own.said, style="" if own.level == "ok" else colour)
        if own.remedy:
            said.append(f"\n→ {own.remedy}", style="default")
        table.add_row(Text(mark, style=f"bold {colour}"), Text(own.about, style="bold"), said)
    console.print(table)
    console.print()
    console.print(Text(_sum(findings), style="bold red" if _has_failed(findings) else "bold"))


def _grid() -> "Table":
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _has_failed(findings: Sequence[Finding]) -> bool:
    return any(own.level == "failed" for own in findings)


def _sum(findings: Sequence[Finding]) -> str:
    levels = Counter(own.level for own in findings)
    warnings = counted(levels["warning"], "warning")
    return f"{counted(len(findings), 'check')}: {levels['ok']} ok, {warnings}, {levels['failed']} failed"
