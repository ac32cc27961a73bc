"""What the machine has: cores, memory, disk."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from twinshot.doctor.finding import Finding

GROUP = Path("/sys/fs/cgroup")
PROCESS = 250_000_000
"""Bytes that the service takes at most beside what it maps, caches and reads (docs/operations.md)."""
SPARE_DISK = 1_000_000_000


def cores(threads: int | None, device: str) -> Finding:
    """How many cores this process may use. `threads`: TWINSHOT_THREADS where it is set."""
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    said = f"{usable} of {os.cpu_count()} may be used"
    granted = _granted_cores()
    if granted is not None and granted < usable:
        said += f", but the control group grants the time of {granted:g}"
        if threads is None or threads > max(granted, 1):
            return Finding("cores", "warning", said, f"TWINSHOT_THREADS={max(int(granted), 1)}")
    if threads is not None:
        said += f", TWINSHOT_THREADS={threads}"
        if threads > usable and device == "cpu":
            return Finding("cores", "warning", said, "threads beyond the cores only wait: leave TWINSHOT_THREADS unset")
    return Finding("cores", "ok", said)


def memory(needed: int) -> Finding:
    """Whether there is as much memory as a service with these settings and this bundle takes."""
    free = _free_memory()
    if free is None:
        return Finding("memory", "ok", f"the system does not say what is free; a service takes up to {_gb(needed)}")
    said = f"{_gb(free)} free, a service takes up to {_gb(needed)}"
    if free < needed:
        remedy = "free memory, or lower TWINSHOT_CACHE_BYTES and TWINSHOT_MAX_BUFFERED_BYTES (docs/operations.md)"
        return Finding("memory", "warning", said, remedy)
    return Finding("memory", "ok", said)


def disk(about: str, folder: Path, needed: int) -> Finding:
    """Whether the disk under a folder has room for what is written next."""
    there = next(own for own in (folder.absolute(), *folder.absolute().parents) if own.exists())
    free = shutil.disk_usage(there).free
    said = f"{_gb(free)} free in {folder}"
    if free < max(needed, SPARE_DISK):
        return Finding(about, "warning", said, f"free {_gb(max(needed, SPARE_DISK))}: what is written next may not fit")
    return Finding(about, "ok", said)


def _granted_cores() -> float | None:
    """What a container may use of the cores that it sees; None without such a limit."""
    quota, _, period = _first_line("cpu.max").partition(" ")
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() else None


def _free_memory() -> int | None:
    """What is free on this machine and under the limit of this container."""
    found = []
    limit, used = _first_line("memory.max"), _first_line("memory.current")
    if limit.isdecimal() and used.isdecimal():
        found.append(int(limit) - int(used))
    table = Path("/proc/meminfo")
    lines: Sequence[str] = table.read_text().splitlines() if table.exists() else ()
    found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return min(found, default=None)


def _first_line(name: str) -> str:
    try:
        return (GROUP / name).read_text().strip()
    except OSError:
        return ""


def _gb(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
