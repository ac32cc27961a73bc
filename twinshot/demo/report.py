"""What a demo found, for people and for programs."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from twinshot.demo.asking import Answer, latency, recall


@dataclass(frozen=True, slots=True)
class Report:
    """`figures` is the JSON object; `refused` are the photos that could not be used, a line each."""

    figures: dict[str, object]
    refused: list[str]


def make_report(
    answers: Sequence[Answer], refused: list[str], seconds: dict[str, float], reused: list[str], address: str
) -> Report:
    """Count `answers`. Recall is over questions whose product is in the index; None where there are none."""
    known = [answer for answer in answers if answer.question.group != "stranger"]
    strangers = [answer for answer in answers if answer.question.group == "stranger"]
    figures: dict[str, object] = {
        "product_recall_at_1": recall(known, 1),
        "product_recall_at_10": recall(known, 10),
        "seen_recall_at_1": recall([answer for answer in known if answer.question.group == "seen"], 1),
        "unseen_recall_at_1": recall([answer for answer in known if answer.question.group == "unseen"], 1),
        "near_twin_recall_at_1": recall([answer for answer in known if answer.question.near_twin], 1),
        "queries": len(answers),
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


def _matched(strangers: Sequence[Answer]) -> int | None:
    """How many strangers were said to match; None where the generation gives no verdict."""
    if not strangers or any(answer.match is None for answer in strangers):
        return None
    return sum(answer.match is True for answer in strangers)


def print_report(report: Report, as_json: bool) -> None:
    """For people; with `as_json` that goes to stderr, and stdout gets the figures as its last line."""
    stream = sys.stderr if as_json else sys.stdout
    for line in [*report.refused, *_lines(report.figures)]:
        print(line, file=stream)
    stream.flush()
    if as_json:
        print(json.dumps(report.figures), flush=True)


def _lines(figures: dict[str, object]) -> list[str]:
    """What was found; what was not asked, or is not said by the generation, has no line."""
    seconds, search, reused = figures["seconds"], figures["search"], figures["reused"]
    matched = figures["strangers_matched"]
    assert isinstance(seconds, dict) and isinstance(search, dict) and isinstance(reused, list)
    rows = [
        ("product recall@1", figures["product_recall_at_1"]),
        ("product recall@10", figures["product_recall_at_10"]),
        ("  seen products @1", figures["seen_recall_at_1"]),
        ("  unseen products @1", figures["unseen_recall_at_1"]),
        ("  near-twins @1", figures["near_twin_recall_at_1"]),
        ("strangers said to match", None if matched is None else f"{matched} of {figures['strangers']}"),
        ("queries", figures["queries"]),
        ("answer, median / p95", f"{search['median_ms']} / {search['p95_ms']} ms" if search else None),
        *(
            (f"seconds: {name}", f"{value}{' (from before)' if name in reused else ''}")
            for name, value in seconds.items()
        ),
        ("generation", figures["generation"]),
        ("page", figures["address"]),
    ]
    return [f"{name:<26}{value}" for name, value in rows if value is not None]
