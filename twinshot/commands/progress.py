"""How far a long command is: a bar on a terminal, a plain line now and then in a pipe; always on stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SECONDS = 10.0
"""Between two plain lines."""


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """A function to be told how many are done, while an unknown number is to do.

    >>> with counting("rows checked") as progress:
    ...     progress(1)
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if console.is_terminal:
        columns = SpinnerColumn(), TextColumn("{task.completed:,.0f} {task.description}"), TimeElapsedColumn()
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done: bar.update(task, completed=done)
        return
    last = time.monotonic()

    def say(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS:
            last = time.monotonic()
            print(f"{done:,} {what}", file=sys.stderr, flush=True)

    yield say
