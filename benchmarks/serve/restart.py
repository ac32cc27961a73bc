"""Two replicas behind nginx with docker/nginx.conf, restarted in turn and then killed, while photos keep coming."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.result import Claim, claim
from benchmarks.serve.cost import turns
from benchmarks.serve.load import Sample, closed, percentile, statuses
from benchmarks.serve.memory import SMALL
from benchmarks.serve.nginx import Proxy, nginx
from benchmarks.serve.photos import mix
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import LOAD, Server, free_port, redis_server, twinshot
from benchmarks.serve.shop import shop

CLIENTS = 4
ROUNDS = 2
STEADY = 5.0
LONGEST = 300.0
"""Seconds after which the load ends, whatever the replicas do."""


class Replica:
    """A service that can be ended and started again on its port, with the drain of production."""

    def __init__(self, bundles: Path, redis: str) -> None:
        self.port = free_port()
        self._bundles, self._redis = bundles, redis
        self._running = ExitStack()
        self._server: Server | None = None

    def start(self) -> None:
        """Start, and return when it is ready."""
        self._server = self._running.enter_context(
            twinshot(self._bundles, redis=self._redis, port=self.port, TWINSHOT_DRAIN="1.0")
        )

    def stop(self) -> None:
        """SIGTERM, and return when it has ended."""
        self._running.close()

    def kill(self) -> None:
        """SIGKILL, while it has a photo."""
        assert self._server is not None
        end = time.monotonic() + 30
        while not self._server.metric("twinshot_queue_depth"):
            if time.monotonic() > end:
                raise RuntimeError("no photo came to a replica for 30 s")
        self._server.process.kill()
        self._running.close()


@contextmanager
def _pair(bundles: Path) -> Iterator[tuple[Proxy, list[Replica]]]:
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        replicas = [Replica(bundles, redis) for _ in range(2)]
        for replica in replicas:
            stack.callback(replica.stop)
            replica.start()
        folder = Path(stack.enter_context(TemporaryDirectory()))
        before = ["taskset", "-c", ",".join(map(str, LOAD))]
        yield stack.enter_context(nginx(free_port(), [own.port for own in replicas], folder, before)), replicas


def restart(_: Path) -> tuple[dict[str, Any], list[Claim]]:
    """A closed loop of fresh photos: at rest, through a rolling restart, and while replicas are killed."""

    def rolled() -> None:
        for replica in turn:
            replica.stop()
            replica.start()

    def killed() -> None:
        for replica in turn:
            replica.kill()
            replica.start()

    mix()  # made once, and not while anybody waits
    figures: dict[str, Any] = {"clients": CLIENTS}
    with _pair(shop(SMALL)) as (proxy, replicas), pinned(LOAD):
        turn = replicas * ROUNDS
        for name, steps in (("steady", lambda: time.sleep(STEADY)), ("rolled", rolled), ("killed", killed)):
            figures[name] = _figures(proxy, steps)
    return figures, [
        _claim(f"rolling restart behind nginx, {ROUNDS} rounds: failed requests", figures["rolled"]),
        _claim(f"{ROUNDS * 2} replicas killed in the middle of photos: failed requests", figures["killed"]),
    ]


def _figures(proxy: Proxy, steps: Callable[[], None]) -> dict[str, Any]:
    """What became of the photos that were sent while `steps` were done."""

    async def loaded() -> list[Sample]:
        doing = asyncio.create_task(asyncio.to_thread(steps))
        samples = await closed(proxy.port, CLIENTS, turns(mix()), LONGEST, lambda: not doing.done())
        await doing
        return samples

    before = len(proxy.answers())
    began = time.perf_counter()
    samples = asyncio.run(loaded())
    tries = Counter(str(answer["statuses"]) for answer in proxy.answers(before + len(samples))[before:])
    return {
        "requests": len(samples), "failed": sum(own.status != 200 for own in samples),
        "seconds": time.perf_counter() - began, "statuses": statuses(samples), "tries": dict(tries),
        "p50_ms": percentile(samples, 50), "p99_ms": percentile(samples, 99),
        "longest_ms": percentile(samples, 100),
    }  # fmt: skip


def _claim(name: str, found: dict[str, Any]) -> Claim:
    again = sum(number for tried, number in found["tries"].items() if "," in tried)
    note = f"of {found['requests']}, {again} of them answered at a second try; p99 {found['p99_ms']:.0f} ms"
    return claim(name, found["failed"], "", 0, "lower", note)
