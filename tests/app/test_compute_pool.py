"""Work leaves the event loop, one FAISS thread a call, behind a queue with an end."""

import asyncio
import threading

import faiss
import pytest
from prometheus_client import CollectorRegistry, Gauge

from app.compute import Compute, QueueFullError
from app.telemetry import Timing


@pytest.fixture
def depth() -> Gauge:
    return Gauge("depth", "", registry=CollectorRegistry())


def taken(depth: Gauge) -> float:
    (metric,) = depth.collect()
    return metric.samples[0].value


def test_work_runs_on_other_threads_with_one_faiss_thread_each(depth: Gauge) -> None:
    compute = Compute(2, 0, depth)

    async def story() -> tuple[int, int]:
        return await compute.run(Timing(), lambda: (threading.get_ident(), faiss.omp_get_max_threads()))

    thread, faiss_threads = asyncio.run(story())
    compute.close()
    assert thread != threading.get_ident()
    assert faiss_threads == 1


def test_permits_end_where_the_queue_does_and_are_given_back(depth: Gauge) -> None:
    compute = Compute(1, 2, depth)
    with compute.admitted(2), compute.admitted():
        with pytest.raises(QueueFullError), compute.admitted():
            pass
        assert taken(depth) == 3
    assert taken(depth) == 0
    with compute.admitted(3):
        pass
    compute.close()


def test_waiting_for_a_thread_is_counted_as_queue(depth: Gauge) -> None:
    compute = Compute(1, 1, depth)
    held, second = threading.Event(), Timing()

    async def story() -> None:
        first = asyncio.create_task(compute.run(Timing(), lambda: held.wait(10)))
        waiting = asyncio.create_task(compute.run(second, lambda: None))
        await asyncio.sleep(0.1)
        held.set()
        await asyncio.gather(first, waiting)

    asyncio.run(story())
    compute.close()
    assert second.seconds["queue"] > 0.05
