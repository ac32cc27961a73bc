"""Asking a server: closed loop, open loop, slow callers. Raw HTTP/1.1 on kept connections, in a process of its own.

In open loop the latency counts from when a photo was due, whether or not a connection was free then: nothing is left
out because the server was slow (coordinated omission).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import numpy as np

Next = Callable[[], bytes]
"""Makes the next request."""
LIMIT = 120.0
"""Seconds after which no load goes on."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer: seconds since the load began when it was due, seconds until it was there, the status (0: none)."""

    due: float
    seconds: float
    status: int


class Line:
    """A connection that is kept, and made again where the server closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> int:
        """Send a request and read its answer; the status."""
        if self._streams is not None and self._streams[0].at_eof():
            await self.close()  # idle for so long that the server closed it
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        await reader.readexactly(length)
        if b"connection: close" in head.lower():
            await self.close()
        return int(head[9:12])

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None


async def _timed(line: Line, request: bytes, began: float, due: float) -> Sample:
    try:
        status = await line.ask(request)
    except (OSError, EOFError):
        status = 0
        await line.close()
    return Sample(due, time.perf_counter() - began - due, status)


@asynccontextmanager
async def _lines(port: int, count: int) -> AsyncIterator[list[Line]]:
    lines = [Line(port) for _ in range(count)]
    try:
        yield lines
    finally:
        for line in lines:
            await line.close()


async def closed(
    port: int, clients: int, make: Next, seconds: float, going: Callable[[], bool] = lambda: True
) -> list[Sample]:
    """Each of `clients` sends its next photo as soon as it has the answer to the last, while `going` says so."""
    began = time.perf_counter()
    found: list[Sample] = []

    async def client(line: Line) -> None:
        while going() and time.perf_counter() - began < seconds:
            request = make()
            due = time.perf_counter() - began
            found.append(await _timed(line, request, began, due))

    async with asyncio.timeout(seconds + LIMIT), _lines(port, clients) as lines:
        await asyncio.gather(*map(client, lines))
    return found


def poisson(rate: float, seconds: float, seed: int = 0) -> list[float]:
    """When photos are due, `rate` a second on average."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(1 / rate, int(rate * seconds * 2) + 20)
    due = np.cumsum(gaps)
    return [float(own) for own in due[due < seconds]]


async def opened(port: int, arrivals: list[float], make: Next, most: int = 400) -> list[Sample]:
    """A photo at each of `arrivals`, whatever became of the others; `most` connections."""
    free: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
    found: list[Sample] = []
    pending: set[asyncio.Task[None]] = set()
    async with asyncio.timeout(arrivals[-1] + LIMIT), _lines(port, most) as lines:
        for line in lines:
            free.put_nowait(line)
        began = time.perf_counter()

        async def send(due: float) -> None:
            line = await free.get()
            try:
                found.append(await _timed(line, make(), began, due))
            finally:
                free.put_nowait(line)

        for due in arrivals:
            # asyncio's own sleep is late by up to a millisecond, and every one of a burst by as much
            if (wait := due - (time.perf_counter() - began)) > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(send(due))
            pending.add(task)
            task.add_done_callback(pending.discard)
        await asyncio.gather(*pending)
    return found


async def drip(port: int, request: bytes, rate: float, seconds: float) -> None:
    """A caller on a slow phone: the request at `rate` bytes a second, for `seconds`."""
    end = time.perf_counter() + seconds
    with suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for start in range(0, len(request), int(rate / 4)):
            if time.perf_counter() > end:
                break
            writer.write(request[start : start + int(rate / 4)])
            await asyncio.sleep(0.25)
        writer.close()


def throughput(samples: list[Sample], seconds: float) -> float:
    """Answers a second that came within the `seconds` of a closed loop; at its end every client still waits for one."""
    return sum(own.due + own.seconds <= seconds for own in samples) / seconds


def percentile(samples: list[Sample], q: float) -> float:
    """Milliseconds that `q` per cent of the answers with status 200 were within."""
    times = [own.seconds for own in samples if own.status == 200]
    return float(np.percentile(times, q)) * 1000 if times else float("nan")


def statuses(samples: list[Sample]) -> dict[str, int]:
    """How many answers had which status."""
    values, counts = np.unique([own.status for own in samples], return_counts=True)
    return {str(value): int(count) for value, count in zip(values, counts, strict=True)}
