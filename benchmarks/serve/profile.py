"""Where the service's time goes: its stacks while eight callers ask, sorted into rooms.

py-spy looks at the process from outside, RATE times a second, at threads that run or could run. With two of them on one
core that is no measure of time between them: how much processor time the event loop's thread and the others used the
system says, and the stacks share out each of the two. Folded stacks stay in var/bench/serving/.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from benchmarks.result import QUICK, WORK, Claim, claim
from benchmarks.serve.cost import asked, turns
from benchmarks.serve.load import LIMIT, closed
from benchmarks.serve.photos import mix
from benchmarks.serve.pinned import pinned
from benchmarks.serve.servers import LOAD, Server, redis_server, twinshot
from engine.errors import UnavailableError

Side = Literal["loop", "threads"]
SECONDS = 5 if QUICK else 30
RATE = 100
CLIENTS = 8
STACKS = WORK / "serving" / "stacks.txt"
WAITING = re.compile(r"^(epoll_\w*wait|pthread_cond_\w*wait|_queue_SimpleQueue_get_impl|PyThread_acquire_lock_timed) ")
"""A stack that ends in one of these or in what they call waits, for work or for the interpreter's lock; py-spy, walking
native frames, counts it as running."""
DEPTH = 4
ROOMS = (
    ("decode", r"\(engine/preprocess\.py"),
    ("encode", r"\(engine/encoder\.py"),
    ("search", r"\b(nearest|within) \(engine/index/flat\.py"),
    ("rank", r"\(engine/|\banswer_of \(app/search\.py"),
    ("cache", r"\(app/cache/|\(redis/"),
    ("body: read and hash", r"\(app/body\.py|\(python_multipart/"),
    ("HTTP: parse and write", r"\b(data_received|on_\w+|send) \(uvicorn/protocols/http/|\(httptools/"),
    ("answer as JSON", r"\bserialize_response |\((starlette/responses|fastapi/encoders|pydantic/\w+)\.py"),
    ("routing and middleware", r"\((app/(?!main\.py)|fastapi/|starlette/|prometheus_client/|uvicorn/protocols/)"),
    ("event loop", r"\((uvloop/|asyncio/|uvicorn/)"),
)
"""What a stack belongs to: the first room one of whose frames is in it, wherever it stands in the stack."""
OTHER, WAIT = "other", "waiting"
AROUND = (
    "cache",
    "body: read and hash",
    "HTTP: parse and write",
    "answer as JSON",
    "routing and middleware",
    "event loop",
)


def profile(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Fresh photos of the mix, in closed loop."""
    with redis_server() as redis, twinshot(bundles, redis=redis) as server, pinned(LOAD):
        asked(server, CLIENTS, turns(mix()), 2)
        before = cpu_by_side(server)
        queries, late = asyncio.run(_watched(server))
        used = {side: (now - before[side]) / queries * 1e3 for side, now in cpu_by_side(server).items()}
    counts = rooms(STACKS.read_text(encoding="utf-8").splitlines())
    ms = shared_out(used, counts)
    print(table(ms), file=sys.stderr)
    around = sum(ms[room] for room in AROUND)
    note = f"of {sum(used.values()):.1f} ms; " + ", ".join(f"{room} {ms[room]:.2f}" for room in AROUND)
    figures = {
        "queries": queries, "cpu_ms": used, "ms": ms, "late": late,
        "samples": {side: dict(own) for side, own in counts.items()},
    }  # fmt: skip
    return figures, [
        claim(f"profile, {CLIENTS} clients: server CPU around the path, per query", around, "ms", None, "lower", note)
    ]


def cpu_by_side(server: Server) -> dict[Side, float]:
    """Seconds of processor time of the event loop's thread and of all others together."""
    times = {own.id: own.user_time + own.system_time for own in server.process.threads()}
    loop = times.pop(server.process.pid)
    return {"loop": loop, "threads": sum(times.values())}


def rooms(stacks: Iterable[str]) -> dict[Side, Counter[str]]:
    """Samples by room, and of WAIT, in folded stacks: `frame;frame;frame 12`, the innermost last."""
    found: dict[Side, Counter[str]] = {"loop": Counter(), "threads": Counter()}
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        inside = (room for room, pattern in ROOMS if any(re.search(pattern, frame) for frame in frames))
        waits = any(WAITING.match(frame) for frame in frames[-DEPTH:])
        side: Side = "loop" if any("(app/main.py:" in frame for frame in frames) else "threads"
        found[side][WAIT if waits else next(inside, OTHER)] += int(count)
    return found


def shared_out(used: dict[Side, float], counts: dict[Side, Counter[str]]) -> dict[str, float]:
    """What each side used, by room as its samples that do not wait are."""
    found = dict.fromkeys([*(room for room, _ in ROOMS), OTHER], 0.0)
    for side, own in counts.items():
        working = sum(own.values()) - own[WAIT]
        for room in found:
            found[room] += used[side] * own[room] / working if working else 0.0
    return found


def table(ms: dict[str, float]) -> str:
    """Markdown."""
    total = sum(ms.values())
    rows = [f"| {room} | {own:.2f} | {own / total:.0%} |" for room, own in ms.items()]
    return "\n".join(["| where | processor ms a photo | share |", "|---|---|---|", *rows])


async def _watched(server: Server) -> tuple[int, int]:
    """Photos answered meanwhile, and how often py-spy was late."""
    recording = asyncio.create_task(asyncio.to_thread(_record, server.process.pid))
    samples = await closed(server.port, CLIENTS, turns(mix()), LIMIT, lambda: not recording.done())
    return len(samples), await recording


def _record(process: int) -> int:
    """Folded stacks of `process` into STACKS; how often py-spy could not keep its rate. Raises UnavailableError."""
    py_spy = shutil.which("py-spy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if py_spy is None:
        raise UnavailableError("py-spy is not installed; install the extra 'rivals' of twinshot")
    command = [py_spy, "record", "--native", "--format=raw", f"--rate={RATE}", f"--duration={SECONDS}"]
    command += [f"--output={STACKS}", f"--pid={process}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise UnavailableError(
            f"py-spy could not read the server ({done.stdout.strip()[-500:]}); it needs the right to trace processes "
            "(root, or CAP_SYS_PTRACE in a container)"
        )
    return done.stdout.count("behind in sampling")
