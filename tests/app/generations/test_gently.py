"""Long work steps back behind requests, and ends when the service does."""

import asyncio
import os
import sys
import threading
from types import SimpleNamespace

import pytest

from app.generations.gently import NICE, STRETCH, Gently, StoppedError


def priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_the_work_has_a_lower_priority_and_nothing_else_has() -> None:
    before = priority()

    async def both() -> tuple[int, int]:
        return await Gently().run(priority), await asyncio.to_thread(priority)

    lower = min(before + NICE, 19) if sys.platform == "linux" else before  # elsewhere it is the whole process's
    assert asyncio.run(both()) == (lower, before)
    assert priority() == before


def test_work_that_runs_for_long_sleeps_now_and_then_and_work_that_does_not_never_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, slept = [1000.0], []
    # a clock of its own: a machine that stalls looks like work that runs for long
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=slept.append)
    monkeypatch.setattr("app.generations.gently.time", clock)
    gently = Gently()
    gently.breathe()
    slept.clear()  # how long it had worked before its first breath is not known
    for _ in range(10):
        now[0] += STRETCH / 15
        gently.breathe()
    assert slept == []
    for _ in range(10):
        now[0] += STRETCH * 1.1
        gently.breathe()
    assert slept == [STRETCH] * 10


def test_work_ends_at_its_next_breath_when_the_service_does() -> None:
    gently, begun = Gently(), threading.Event()

    def work() -> None:
        while True:
            begun.set()
            gently.breathe()

    async def stopped() -> None:
        running = asyncio.create_task(gently.run(work))
        await asyncio.to_thread(begun.wait, 20)
        gently.stop()
        with pytest.raises(StoppedError, match="shutting down"):
            await running

    asyncio.run(stopped())
