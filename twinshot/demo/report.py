"""What a demo found, for people and for programs."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.wording import counted
from twinshot.demo.asking import Answer, latency, recall


@dataclass(frozen=True, slots=True)
class Report:
    """`figures` is the JSON object; `refused` are the photos that could not be used, a line each."""

    figures: dict[str, Any]
    refused: list[str]


def make_report(
    answers: Sequence[Answer], refused: list[str], seconds: dict[str, float], reused: list[str], address: str
) -> Report:
    """Count `answers`. Recall is over questions whose product is in the index; None where there are none."""
    known = [answer for answer in answers if answer.question.group != "stranger"]
    strangers = [answer for answer in answers if answer.question.group == "stranger"]
    right = [answer for answer in known if answer.place == 1]
    figures: dict[str, Any] = {
        "product_recall_at_1": recall(known, 1),
        "product_recall_at_10": recall(known, 10),
        "seen_recall_at_1": recall([answer for answer in known if answer.question.group == "seen"], 1),
        "unseen_recall_at_1": recall([answer for answer in known if answer.question.group == "unseen"], 1),
        "near_twin_recall_at_1": recall([answer for answer in known if answer.question.near_twin], 1),
        "queries": len(answers),
        "right": len(right),
        "right_matched": _matched(right),
        "strangers": len(strangers),
        "strangers_matched": _matched(strangers),
        "refused": len(refused),
        "search": latency(answers),
        "generation": answers[0].generation if answers else None,
        "address": address,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "reused": reused,
    }
    return Report(figures, refused)


def _matched(answers: Sequence[Answer]) -> int | None:
    """How many were said to match; None where there are none, or the generation gives no verdict."""
    if not answers or any(answer.match is None for answer in answers):
        return None
    return sum(answer.match is True for answer in answers)


def print_report(report: Report, as_json: bool) -> None:
    """For people; with `as_json` that goes to stderr, and stdout gets the figures as its last line."""
    stream = sys.stderr if as_json else sys.stdout
    for line in [*report.refused, *_lines(report.figures)]:
        print(line, file=stream)
    stream.flush()
    if as_json:
        print(json.dumps(report.figures), flush=True)


def _lines(figures: dict[str, Any]) -> list[str]:
    """What was found, in words; what was not asked, or is not said by the generation, has no line."""
    search, reused = figures["search"], figures["reused"]
    asked = counted(figures["queries"] - figures["strangers"], "photo")
    rows = [
        ("right product first", _share(figures["product_recall_at_1"]), f"of {asked} whose product is in the index"),
        ("  trained on", _share(figures["seen_recall_at_1"]), "its product was trained on, by other photos"),
        ("  only indexed", _share(figures["unseen_recall_at_1"]), "its product was never trained on"),
        ("  near-twins", _share(figures["near_twin_recall_at_1"]), "another product differs in one detail only"),
        ("among the first ten", _share(figures["product_recall_at_10"]), ""),
        (
            "right, and sure of it",
            _part(figures["right_matched"], figures["right"]),
            "right answers reach the threshold: `match`",
        ),
        (
            "strangers, yet sure",
            _part(figures["strangers_matched"], figures["strangers"]),
            "photos of products that are not in the index match one",
        ),
        ("photos asked", f"{figures['queries']:,}", ""),
        ("an answer, median", f"{search['median_ms']:.1f} ms" if search else None, ""),
        ("an answer, 95 of 100", f"{search['p95_ms']:.1f} ms" if search else None, "at most"),
        *(
            (f"time: {name}", f"{seconds:.1f} s", "from before" if name in reused else "")
            for name, seconds in figures["seconds"].items()
        ),
        ("generation", figures["generation"], ""),
        ("page", figures["address"], ""),
    ]
    return [f"{name:<23}{value:<12}{words}".rstrip() for name, value, words in rows if value is not None]


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


def _part(count: int | None, of: int) -> str | None:
    return None if count is None else f"{count:,} of {of:,}"
