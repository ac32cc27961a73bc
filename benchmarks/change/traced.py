"""Is a change on the disk before it is acknowledged? What the service asks of the system, as strace writes it down."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.change.asking import changing, new_product, removal, sent, state
from benchmarks.result import Claim, claim
from benchmarks.serve.memory import SMALL
from benchmarks.serve.photos import jpegs
from benchmarks.serve.servers import CORES, Server
from benchmarks.serve.shop import shop

FORCING = ("fsync", "fdatasync")
CALLS = ",".join((*FORCING, "write", "writev", "sendto", "sendmsg"))
CHANGES = 5
_CALL = re.compile(r"(?P<thread>\d+) +(?P<name>\w+)\(\d+<(?P<file>[^>]*)>(?P<rest>.*)")
_RESUMED = re.compile(r"(?P<thread>\d+) +<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)")
_DONE = re.compile(r"= 0\b")


def traced(_: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Products are put and removed one after the other while the service is watched."""
    with state() as folder, changing(shop(SMALL), folder, cores=CORES) as server:
        answers = acknowledged(server)
    late = sum(not own["log"] for own in answers) + sum(not own["photos"] for own in answers[::2])
    missing = abs(len(answers) - 2 * CHANGES)
    note = f"of {len(answers)} that strace saw; with a photo its files and their folders are forced before too"
    return {"forced": answers}, [
        claim("changes acknowledged before they were forced to the disk", late + missing, "", 0, "lower", note)
    ]


def acknowledged(server: Server) -> list[dict[str, int]]:
    """`forced` for each of CHANGES products that are put, with a photo, and removed again, in turn."""
    with TemporaryDirectory() as work:
        out = Path(work) / "trace"
        with watched(server.process.pid, out):
            for photo in jpegs()[:CHANGES]:
                product_id, put, _ = new_product(photo)
                sent(server, put)
                sent(server, removal(product_id))
        return forced(out.read_text(errors="replace"))


@contextmanager
def watched(pid: int, out: Path) -> Iterator[None]:
    """strace on a process and all its threads, its output in `out`."""
    # strings of 16 bytes are enough to see that an answer begins
    command = ["strace", "-f", "-y", "-s", "16", "-e", f"trace={CALLS}", "-o", str(out), "-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        said = strace.stderr.readline()
        if "attached" not in said:
            raise RuntimeError(f"strace cannot watch the service: {said.strip()}")
        try:
            yield
            time.sleep(0.2)  # what was called last is written a moment later
        finally:
            strace.terminate()


def forced(trace: str) -> list[dict[str, int]]:
    """For each answer with 200, in order, how often the log and files of photos were forced to the disk before it.

    An answer may be out as soon as its call begins; a file is on the disk when its call has returned 0. Where another
    thread calls meanwhile, strace writes a call as two lines, and the second does not name the file.
    """
    answers: list[dict[str, int]] = []
    counts = {"log": 0, "photos": 0}
    begun: dict[str, str] = {}
    for line in trace.splitlines():
        call = _CALL.match(line)
        found = call or _RESUMED.match(line)
        if found is None:
            continue
        if call and "HTTP/1.1 200" in call["rest"]:
            answers.append(dict(counts))
            counts = {"log": 0, "photos": 0}
        elif found["name"] in FORCING:
            file = call["file"] if call else begun[found["thread"]]
            begun[found["thread"]] = file
            if _DONE.search(found["rest"]):
                counts["log" if "changes.sqlite" in file else "photos"] += 1
    return answers
