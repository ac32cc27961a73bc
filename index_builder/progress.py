"""What a person sees while a program works, on standard error: a bar on a terminal, plain lines in a pipe."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LINE_SECONDS = 10.0


class Progress:
    """Reports stages and keeps their seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def say(self, line: str) -> None:
        """One line for a person."""
        print(line, file=sys.stderr, flush=True)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; stages of one name add up."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    @contextmanager
    def counting(self, name: str, total: int) -> Iterator[Callable[[], None]]:
        """A stage of `total` steps; the function given is called once a step."""
        with self.stage(name), (_bar if sys.stderr.isatty() else _lines)(name, total) as advance:
            yield advance


@contextmanager
def _bar(name: str, total: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(name, total=total)
        yield lambda: bars.advance(task)


@contextmanager
def _lines(name: str, total: int) -> Iterator[Callable[[], None]]:
    began = said = time.monotonic()
    done = 0

    def advance() -> None:
        nonlocal done, said
        done += 1
        now = time.monotonic()
        if now - said >= LINE_SECONDS:
            said = now
            rate = done / (now - began)
            print(f"{name}: {done:,} of {total:,} ({rate:,.0f}/s)", file=sys.stderr, flush=True)

    yield advance
    print(f"{name}: {done:,} of {total:,} in {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
