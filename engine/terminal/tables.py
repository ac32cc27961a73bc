"""What came of it, on standard output."""

import sys
from collections.abc import Mapping
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_PIPE = 1000
"""Columns where nobody looks: no line is folded."""


def console() -> Console:
    """Standard output: lines are folded on a terminal, and as long as they must be in a pipe."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE)


def table(*columns: str, numbers: tuple[str, ...] = (), cut: tuple[str, ...] = (), title: str | None = None) -> Table:
    """An empty table. Columns among `numbers` are aligned to the right; those among `cut` give way to the others."""
    shown = None if title is None else Text(title)
    lines = box.SIMPLE_HEAD if sys.stdout.isatty() else None
    made = Table(
        title=shown,
        title_justify="left",
        title_style="bold",
        box=lines,
        pad_edge=False,
        collapse_padding=lines is not None,
    )
    for name in columns:
        justify: Literal["left", "right"] = "right" if name in numbers else "left"
        made.add_column(name, justify=justify, no_wrap=bool(cut) and name not in cut)
    return made


def whole(text: str) -> Text:
    """A cell that is folded where it is too long, for what somebody may copy."""
    return Text(text, no_wrap=False, overflow="fold")


def in_one_line(text: str) -> Text:
    """A cell that ends with … where it is too long."""
    return Text(text, no_wrap=True, overflow="ellipsis")


def print_summary(values: Mapping[str, str | None]) -> None:
    """What came of long work: a line for each value that is not None."""
    there = {name: value for name, value in values.items() if value is not None}
    if not sys.stdout.isatty():
        width = max(map(len, there), default=0)
        for name, value in there.items():
            print(f"{name:<{width}}  {value}")
        return
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in there.items():
        made.add_row(Text(name), Text(value))
    console().print(made)
