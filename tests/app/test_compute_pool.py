"""Work leaves the event loop, one FAISS thread a call, when its turn has come and somebody still wants it."""

import asyncio
import threading
from collections.abc import Iterator

import faiss
import pytest
from prometheus_client import CollectorRegistry, Gauge

from app.caller import CallerGoneError
from app.compute import Compute
from app.gate import Gate
from app.telemetry import Timing


@pytest.fixture
def compute() -> Iterator[Compute]:
    one = Compute(1, Gate(1, 1, 10, Gauge("depth", "", registry=CollectorRegistry())))
    yield one
    one.close()


def test_work_runs_on_other_threads_with_one_faiss_thread_each(compute: Compute) -> None:
    work = compute.run(Timing(), lambda: (threading.get_ident(), faiss.omp_get_max_threads()))
    thread, faiss_threads = asyncio.run(work)
    assert thread != threading.get_ident()
    assert faiss_threads == 1


def test_waiting_for_a_thread_is_counted_as_queue(compute: Compute) -> None:
    held, second = threading.Event(), Timing()

    async def story() -> None:
        first = asyncio.create_task(compute.run(Timing(), lambda: held.wait(10)))
        waiting = asyncio.create_task(compute.run(second, lambda: None))
        await asyncio.sleep(0.1)
        held.set()
        await asyncio.gather(first, waiting)

    asyncio.run(story())
    assert second.seconds["queue"] > 0.05


def test_what_nobody_wants_any_more_is_not_begun_and_leaves_its_turn(compute: Compute) -> None:
    began = threading.Event()

    async def nobody() -> None:
        raise CallerGoneError("gone")

    async def story() -> str:
        with pytest.raises(CallerGoneError):
            await compute.run(Timing(), began.set, check_wanted=nobody)
        return await compute.run(Timing(), lambda: "next")

    assert asyncio.run(story()) == "next"
    assert not began.is_set()


def test_work_that_fails_leaves_its_turn(compute: Compute) -> None:
    async def story() -> str:
        with pytest.raises(ZeroDivisionError):
            await compute.run(Timing(), lambda: 1 // 0)
        return await compute.run(Timing(), lambda: "next")

    assert asyncio.run(story()) == "next"
