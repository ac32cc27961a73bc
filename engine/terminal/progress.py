"""How far long work is, on standard error: a bar with rate and time left, or a line now and then in a pipe."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

LINE_SECONDS = 10.0
"""Between two lines."""


@contextmanager
def counting(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A function to be told how many are done, of `total` where that is known.

    >>> with counting("rows checked") as done:
    ...     done(1)
    """
    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield _lines(what, total)
        return
    with bars(screen) as shown:
        task = shown.add_task(what, total=total)
        yield lambda done: shown.update(task, completed=done)


def bars(screen: Console) -> Progress:
    """Bars that go away when the work is done: what came of it is said afterwards."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), _Count(), _Rate(), _Time())
    return Progress(*columns, console=screen, transient=True)


def _lines(what: str, total: int | None) -> Callable[[int], None]:
    began = said = time.monotonic()

    def tell(done: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= LINE_SECONDS:
            said = now
            rate = done / (now - began)
            print(f"{what}: {_far(done, total, rate)}", file=sys.stderr, flush=True)

    return tell


def _far(done: int, total: int | None, rate: float) -> str:
    if total is None:
        return f"{done:,} ({_per_second(rate)})"
    left = f", {_clock((total - done) / rate)} left" if rate else ""
    return f"{done:,} of {total:,} ({_per_second(rate)}{left})"


def _per_second(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"


def _clock(seconds: float) -> str:
    """`4:05`, `1:04:05`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _Count(ProgressColumn):
    def render(self, task: Task) -> Text:
        of = "" if task.total is None else f"/{task.total:,.0f}"
        return Text(f"{task.completed:,.0f}{of}")


class _Rate(ProgressColumn):
    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else _per_second(speed))


class _Time(ProgressColumn):
    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text(_clock(task.elapsed or 0))
        left = task.time_remaining
        return Text("" if left is None else f"{_clock(left)} left")
