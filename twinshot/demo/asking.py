"""Ask the running service over HTTP, and count how often it was right."""

import http.client
import json
import mimetypes
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.catalogue.row import Row
from engine.errors import TwinshotError
from twinshot.demo.questions import Question

HOST = "127.0.0.1"
START = 120.0
"""Seconds that the service may take until it is ready."""
REFUSED = (400, 413, 415)
"""The photo itself cannot be used."""
LIMIT = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What /search said: the place of the right product (from 1), None if it is not among the first LIMIT."""

    question: Question
    place: int | None
    match: bool | None
    """The service's word on its first result; None where the generation gives none."""
    milliseconds: float
    generation: str


def wait_until_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return when /readyz says 200. Raises TwinshotError if the service ends before, or takes too long."""
    deadline = time.monotonic() + START
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass  # not listening yet
        finally:
            connection.close()
        time.sleep(0.1)
    ended = f"ended with exit code {process.poll()}" if process.poll() is not None else "is not ready"
    raise TwinshotError(f"the service {ended} after {START:.0f} s at most; {log} says why{_last_line(log)}")


def ask(port: int, questions: Sequence[Question], read: Callable[[Row], bytes]) -> tuple[list[Answer], list[str]]:
    """Post every photo; the answers, and one line for each photo that the service refused."""
    answers: list[Answer] = []
    refused: list[str] = []
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        for question in questions:
            photo = read(question.row)
            kind = mimetypes.guess_type(question.row.image)[0] or "image/jpeg"
            started = time.perf_counter()
            connection.request("POST", f"/search?limit={LIMIT}", photo, {"Content-Type": kind})
            response = connection.getresponse()
            body = json.loads(response.read())
            elapsed = (time.perf_counter() - started) * 1000
            if response.status in REFUSED:
                refused.append(f"{question.row.where}: {question.row.image}: {body['detail']}")
            elif response.status != 200:
                raise TwinshotError(f"/search answered {response.status} to {question.row.image}: {body.get('detail')}")
            else:
                answers.append(_answer(question, body, elapsed))
    finally:
        connection.close()
    return answers, refused


def _answer(question: Question, body: dict[str, object], elapsed: float) -> Answer:
    results = body["results"]
    assert isinstance(results, list)
    places = [result["rank"] for result in results if result["product_id"] == question.row.product]
    match = results[0]["match"] if results else False
    return Answer(question, places[0] if places else None, match, elapsed, str(body["generation"]))


def recall(answers: Sequence[Answer], at: int) -> float | None:
    """The share whose product is among the first `at`; None without answers."""
    if not answers:
        return None
    return round(sum(answer.place is not None and answer.place <= at for answer in answers) / len(answers), 4)


def latency(answers: Sequence[Answer]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds, one request at a time."""
    times = [answer.milliseconds for answer in answers]
    if len(times) < 2:
        return {}
    percentiles = statistics.quantiles(times, n=20)
    return {"median_ms": round(statistics.median(times), 2), "p95_ms": round(percentiles[-1], 2)}


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""
