"""What a run tells while it works: bars on a terminal, plain lines in a pipe. Both on standard error."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

from engine.terminal.progress import bars

T = TypeVar("T")


class Reporter:
    """Prints lines, and a bar around a loop where somebody watches."""

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self._bar: Progress | None = None

    def line(self, text: str) -> None:
        """One line."""
        self._console.print(text, markup=False)

    def track(self, items: Iterable[T], total: int, label: str, steps: Callable[[T], int] | None = None) -> Iterator[T]:
        """Yield `items`, with a bar of `total` steps on a terminal. steps: how many an item is; default: one."""
        if not self._console.is_terminal:
            yield from items
            return
        with bars(self._console) as shown:
            self._bar = shown
            task = shown.add_task(label, total=total)
            for item in items:
                yield item
                shown.advance(task, steps(item) if steps else 1)

    def clear(self) -> None:
        """Take the bar off the terminal and show its cursor: for a process that ends without unwinding."""
        if self._bar is not None:
            self._bar.stop()
