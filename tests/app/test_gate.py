"""A burst may queue; an overload may not; nobody waits longer than said; no turn is ever lost."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge

from app.gate import ARRIVING, CALM, SHORT, Gate, QueueFullError

Story = Callable[[Gate], Coroutine[Any, Any, None]]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The gate's time: it passes only where a test lets it."""
    now = [1000.0]
    monkeypatch.setattr("app.gate.time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def gate(threads: int = 1, queue: int = 8, patience: float = 10) -> tuple[Gate, Gauge]:
    depth = Gauge("depth", "", registry=CollectorRegistry())
    return Gate(threads, queue, patience, depth), depth


def shown(depth: Gauge) -> float:
    (metric,) = depth.collect()
    return metric.samples[0].value


async def settled(*waiting: Awaitable[None]) -> list["asyncio.Future[None]"]:
    """Tasks, each as far as it comes by itself."""
    tasks = [asyncio.ensure_future(own) for own in waiting]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


def outcome(task: "asyncio.Future[None]") -> str:
    if not task.done():
        return "waits"
    return "refused" if isinstance(task.exception(), QueueFullError) else "in"


def test_turns_are_given_in_the_order_of_asking() -> None:
    async def story() -> None:
        own, depth = gate(threads=2)
        tasks = await settled(*(own.enter() for _ in range(5)))
        assert [outcome(task) for task in tasks] == ["in", "in", "waits", "waits", "waits"]
        assert shown(depth) == 5
        own.leave()
        await settled()
        assert [outcome(task) for task in tasks] == ["in", "in", "in", "waits", "waits"]
        for _ in range(4):
            own.leave()
            await settled()
        assert shown(depth) == 0

    asyncio.run(story())


def test_a_queue_that_stands_refuses_nobody() -> None:
    async def story() -> None:
        own, _ = gate(queue=8)
        await own.enter()
        tasks = await settled(*(own.enter() for _ in range(8)))
        for _ in range(50):
            own.leave()
            tasks += await settled(own.enter())
        assert "refused" not in map(outcome, tasks)
        for task in tasks:
            task.cancel()

    asyncio.run(story())


def test_a_queue_found_full_becomes_short_and_keeps_the_newest(clock: list[float]) -> None:
    async def story() -> None:
        own, _ = gate(queue=8)
        await own.enter()
        tasks = await settled(*(own.enter() for _ in range(8)))
        assert own.full
        (last,) = await settled(own.enter())
        assert outcome(last) == "refused"
        assert [outcome(task) for task in tasks] == ["refused"] * (8 - SHORT) + ["waits"] * SHORT
        # still overloaded: only as many may wait
        (another,) = await settled(own.enter())
        assert outcome(another) == "refused"
        for _ in range(SHORT + 1):
            own.leave()
        # nobody waits, but somebody was refused just now: only for a moment the thread ran ahead
        await own.enter()
        again = await settled(*(own.enter() for _ in range(SHORT + 1)))
        assert list(map(outcome, again)) == ["waits"] * SHORT + ["refused"]
        for _ in range(SHORT + 1):
            own.leave()
        clock[0] += 1.1 * CALM
        # nobody was refused for a while, so a burst may queue again
        await own.enter()
        burst = await settled(*(own.enter() for _ in range(8)))
        assert set(map(outcome, burst)) == {"waits"}
        for task in burst:
            task.cancel()

    asyncio.run(story())


def test_what_was_begun_is_neither_refused_nor_counted_against_others() -> None:
    async def story() -> None:
        own, _ = gate(queue=2)
        await own.enter()
        begun = await settled(*(own.enter(begun=True) for _ in range(6)))
        with pytest.raises(QueueFullError):
            await own.enter()
        await settled()
        assert set(map(outcome, begun)) == {"waits"}
        for task in begun:
            task.cancel()

    asyncio.run(story())


def test_nobody_waits_longer_than_the_patience() -> None:
    async def story() -> None:
        own, depth = gate(patience=0.05)
        await own.enter()
        with pytest.raises(QueueFullError, match=r"0\.05 s"):
            await own.enter()
        assert shown(depth) == 1
        own.leave()
        assert shown(depth) == 0

    asyncio.run(story())


def test_a_turn_that_comes_with_the_end_of_its_taker_goes_to_the_next() -> None:
    async def story() -> None:
        own, _ = gate()
        await own.enter()
        taker, following = await settled(own.enter(), own.enter())
        own.leave()
        taker.cancel()
        await settled()
        assert outcome(following) == "in"

    asyncio.run(story())


@given(st.lists(st.sampled_from(["ask", "ask begun", "leave", "cancel first", "cancel last", "tick"]), max_size=60))
def test_whatever_happens_turns_in_use_and_free_ones_are_as_many_as_threads(steps: list[str]) -> None:
    async def story() -> None:
        own, depth = gate(threads=2, queue=3)
        tasks: list[asyncio.Future[None]] = []
        held = 0
        for step in steps:
            if step.startswith("ask"):
                tasks.append(asyncio.ensure_future(own.enter(begun=step == "ask begun")))
            elif step == "tick":
                await settled()
            elif step == "leave" and held:
                own.leave()
                held -= 1
            elif step.startswith("cancel") and tasks:
                tasks[0 if step == "cancel first" else -1].cancel()
            done = [task for task in tasks if task.done()]
            held += sum(not task.cancelled() and outcome(task) == "in" for task in done)
            tasks = [task for task in tasks if not task.done()]
            assert held <= 2
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        held += sum(not task.cancelled() and outcome(task) == "in" for task in tasks)
        for _ in range(held):
            own.leave()
        assert shown(depth) == 0
        await own.enter()
        await own.enter()

    asyncio.run(story())


def test_bodies_that_are_just_being_read_count_before_others_are_read(clock: list[float]) -> None:
    async def story() -> None:
        own, _ = gate(queue=2)
        with own.letting_in():
            await own.enter()  # it has come, and is worked on
        with ExitStack() as reading:
            for _ in range(2):
                reading.enter_context(own.letting_in())
            with pytest.raises(QueueFullError), own.letting_in():
                pass
            # who is here is not kept out by who may still come
            (here,) = await settled(own.enter())
            assert outcome(here) == "waits"
            here.cancel()
            await settled()
            # a phone that takes its time keeps nobody out either
            clock[0] += 1.1 * ARRIVING
            with own.letting_in():
                pass

    asyncio.run(story())


def test_who_was_answered_without_a_turn_keeps_nobody_out() -> None:
    async def story() -> None:
        own, _ = gate(queue=1)
        await own.enter()
        for _ in range(3):
            with own.letting_in():
                pass  # the cache had it

    asyncio.run(story())
