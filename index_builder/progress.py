"""What a person sees while a program works, on standard error: a bar on a terminal, plain lines in a pipe."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.terminal.progress import counting


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
        before, done = self.seconds.get(name, 0.0), 0
        with self.stage(name), counting(name, total) as tell:

            def advance() -> None:
                nonlocal done
                done += 1
                tell(done)

            yield advance
        if not sys.stderr.isatty():  # where the bar has gone, nothing is told in its place
            self.say(f"{name}: {done:,} of {total:,} in {self.seconds[name] - before:.1f} s")
