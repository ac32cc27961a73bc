"""Calls of several threads answered together: who waits while one call is under way shares the next.

For a device that takes one call at a time and answers many questions at hardly the cost of one. There is no thread and
no timer behind it: whoever finds the device free asks it at once, alone, in its own thread; whoever does not waits,
and when the device is free again the first of them asks for all.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class _Call(Generic[Question, Answer]):
    """One thread's question. `woken` is set when it is answered (`done`) or when it is this thread's turn to ask."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.woken = threading.Event()
        self.done = False
        self.answers: list[Answer] = []
        self.error: Exception | None = None


class Batching(Generic[Question, Answer]):
    """Asks `work` for several threads at once, and never twice at the same time. Nothing to close: see above."""

    def __init__(self, work: Callable[[Sequence[Question]], Sequence[Answer]], most: int) -> None:
        """`work` answers up to `most` questions, each by one answer, in their order."""
        self._work, self._most = work, most
        self._lock = threading.Lock()
        self._line: deque[_Call[Question, Answer]] = deque()
        self._busy = False

    def ask(self, question: Question) -> Answer:
        """The answer to `question`, in whatever company. For worker threads: a wait is not interrupted by signals.

        Raises what `work` raises for this question. Where it raises for several, each is asked alone, so that
        an error reaches the one whose question it is, and nobody else.
        """
        call: _Call[Question, Answer] = _Call(question)
        with self._lock:
            self._line.append(call)
            free, self._busy = not self._busy, True
        if not free:
            call.woken.wait()
        if not call.done:
            self._lead()
        if call.error is not None:
            raise call.error
        return call.answers[0]

    def _lead(self) -> None:
        """Ask for this thread, the first in the line, and those behind it; then let the next one lead."""
        with self._lock:
            batch = [self._line.popleft() for _ in range(min(self._most, len(self._line)))]
        try:
            self._answer(batch)
        finally:
            with self._lock:
                # only what is no Exception (an interrupt) leaves some without an answer: their own turn comes
                self._line.extendleft(call for call in reversed(batch[1:]) if not call.done)
                following = self._line[0] if self._line else None
                self._busy = following is not None
            for call in batch:
                if call.done:
                    call.woken.set()
            if following is not None:
                following.woken.set()

    def _answer(self, batch: Sequence[_Call[Question, Answer]]) -> None:
        try:
            for call, answer in zip(batch, self._work([call.question for call in batch]), strict=True):
                call.answers.append(answer)
        except Exception as error:
            if len(batch) > 1:
                for call in batch:
                    call.answers.clear()
                    self._answer([call])
            else:
                batch[0].error = error
        for call in batch:
            call.done = True
