"""Start the processes that train one network on this machine, and end them all when one of them fails.

They are started here and not by torchrun because its report of a failure is a screen of its own; here it is the
error itself, raised in the process that asked. Over several machines torchrun does it (`group.torchrun_place`).
"""

import os
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

import torch

from engine.catalogue.row import Row
from engine.errors import InputError, TwinshotError, UnavailableError
from model_export.data import Read
from model_export.group import Place, joined
from model_export.progress import Reporter
from model_export.settings import Settings
from model_export.train import Trained, train

CAUSE = 5.0
"""Seconds to wait for the process whose failure made another one fail."""
GRACE = 10.0
"""Seconds from SIGTERM to SIGKILL."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What every process gets."""

    rows: Sequence[Row]
    read: Read
    name: str
    out: Path
    settings: Settings


@dataclass(frozen=True, slots=True)
class _End:
    """How a process ended: with what it trained, an error for the caller, or a fault of ours as a traceback."""

    trained: Trained | None = None
    error: TwinshotError | OSError | None = None
    fault: str = ""


def at(place: Place, settings: Settings) -> Settings:
    """`settings` for one process of its machine: its CUDA device, and its share of the threads.

    Raises UnavailableError where the machine has fewer CUDA devices.
    """
    device = settings.device
    if device.type == "cuda":
        if place.local >= (devices := torch.cuda.device_count()):
            raise UnavailableError(
                f"{place.beside} processes want as many CUDA devices, and this machine has {devices}; start {devices}"
            )
        device = torch.device("cuda", place.local)
    return replace(settings, device=device, threads=max(1, settings.threads // place.beside))


def train_together(
    processes: int, rows: Sequence[Row], read: Read, name: str, out: Path, settings: Settings, quiet: bool = False
) -> Trained:
    """`train` by so many processes of this machine; `read` must be picklable.

    Raises what `train` raises in any of them, UnavailableError where there are too few CUDA devices, TwinshotError if
    a process was ended from outside.
    """
    if processes < 1:
        raise InputError(f"--processes {processes} is not 1 or more")
    with tempfile.TemporaryDirectory(prefix="twinshot-") as folder:
        url = f"file://{folder}/meeting"
        places = [Place(rank, processes, rank, processes, url) for rank in range(processes)]
        settled = [at(place, settings) for place in places]
        works = [_Work(rows, read, name, out, own) for own in settled]
        with _started(places, works, quiet) as running:
            return _outcome(running)


@contextmanager
def _started(
    places: Sequence[Place], works: Sequence[_Work], quiet: bool
) -> Iterator[list[tuple[BaseProcess, "Connection[_End, _End]"]]]:
    context = get_context("spawn")
    running: list[tuple[BaseProcess, Connection[_End, _End]]] = []
    # multiprocessing's own process, which comes with the first of ours: as it is started, SIGINT is unblocked
    resource_tracker.ensure_running()
    # Ctrl-C reaches every process of a terminal; blocked here, it stays blocked in those that are started.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        try:
            for place, work in zip(places, works, strict=True):
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_run, args=(place, work, quiet or place.rank > 0, theirs))
                process.start()
                theirs.close()
                running.append((process, ours))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        yield running
    finally:
        _end([process for process, _ in running])


def _outcome(running: Sequence[tuple[BaseProcess, "Connection[_End, _End]"]]) -> Trained:
    """What the first process trained, once all are done; raises what ended one, not those that it took along."""
    ends: dict[int, _End] = {}
    deadline: float | None = None
    while len(ends) < len(running):
        open_ends = {ours: number for number, (_, ours) in enumerate(running) if number not in ends}
        ready = wait(list(open_ends), None if deadline is None else max(0.0, deadline - time.monotonic()))
        if not ready:
            break
        for ours in ready:
            number = open_ends[ours]  # type: ignore[index]
            ends[number] = _received(running[number][0], ours, f"process {number + 1} of {len(running)}")  # type: ignore[arg-type]
            if ends[number].error is not None:
                raise ends[number].error  # type: ignore[misc]
            if ends[number].fault and deadline is None:
                deadline = time.monotonic() + CAUSE
    for end in ends.values():
        if end.fault:
            raise RuntimeError(end.fault)
    for process, _ in running:
        process.join(GRACE)
    trained = ends[0].trained
    assert trained is not None
    return trained


def _received(process: BaseProcess, ours: "Connection[_End, _End]", name: str) -> _End:
    try:
        return ours.recv()
    except EOFError:
        process.join()
        code = process.exitcode or 0
        cause = " (as the system does when memory runs out)" if code == -signal.SIGKILL else ""
        how = f"by {signal.Signals(-code).name}{cause}" if code < 0 else f"with exit code {code}"
        return _End(error=TwinshotError(f"{name} was ended {how}; run the same command again to go on"))


def _end(processes: Sequence[BaseProcess]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + GRACE
    try:
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
    finally:  # also on a second Ctrl-C while waiting
        for process in processes:
            process.kill()
            process.join()


def _run(place: Place, work: _Work, quiet: bool, told: "Connection[_End, _End]") -> None:
    """One process: train, and tell how it ended."""
    reporter = Reporter(quiet)

    def stop(number: int, _frame: FrameType | None) -> None:
        reporter.clear()
        os._exit(128 + number)

    if place.rank == 0:  # the others show nothing, and end as the system ends them
        signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings = work.settings
    with suppress(BrokenPipeError), joined(place, settings.device) as group:
        try:
            done = train(work.rows, work.read, work.name, work.out, settings, reporter, group)
            end = _End(trained=done)
        except (TwinshotError, OSError) as error:
            end = _End(error=error)
        except Exception:
            end = _End(fault=f"in process {place.rank + 1} of {place.size}:\n{traceback.format_exc()}")
        # Told before the group is left: leaving it may wait for processes that wait for this one.
        told.send(end)


def _end_with_parent() -> None:
    """A process whose parent was killed has nobody left to work for, and nobody else would end it."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
