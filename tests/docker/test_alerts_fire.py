"""Prometheus' own promtool over the rules: each alert fires when its trouble has lasted, none in a good hour."""

import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.monitoring import ALERTS, RULES

BY_NAME = {rule["alert"]: rule for rule in RULES}
STEP = 15
"""Seconds between two looks of Prometheus, as in prometheus.yml."""
A, B = 'job="twinshot", instance="a:8000"', 'job="twinshot", instance="b:8000"'
ALL = {"job": "twinshot"}
ONE = ALL | {"instance": "a:8000"}


class Trouble(NamedTuple):
    """What Prometheus reads (a series → its values in its notation), and what comes of it."""

    alert: str
    series: dict[str, str]
    quiet: str
    fires: str
    labels: dict[str, str]
    summary: str


def gauge(name: str, good: str, bad: str, at: int = 4) -> dict[str, str]:
    """A metric of one process that goes bad at a step, for an hour and a half."""
    return {f"{name}{{{A}}}": f"{good}x{at - 1} {bad}x360"}


def answers(seconds: str, late: int, name: str, labels: str) -> dict[str, str]:
    """A histogram, a hundred more at each step, of which some take longer than so many seconds."""
    within = f"0+{100 - late}x240"
    shares = {"0.1": within, seconds: within, "100.0": "0+100x240", "+Inf": "0+100x240"}
    return {f'{name}_bucket{{{A}, {labels}, le="{edge}"}}': values for edge, values in shares.items()}


def counters(kind: str, every: int) -> dict[str, str]:
    """Errors of one kind, one of so many answers."""
    return {
        f'twinshot_errors_total{{{A}, kind="{kind}"}}': "0+1x240",
        f'twinshot_requests_total{{{A}, route="/search"}}': f"0+{every}x240",
    }


TROUBLES = [
    Trouble("TwinshotDown", gauge("up", "1", "0"), "1m45s", "2m", ONE, "a:8000 does not answer /metrics"),
    Trouble(
        "TwinshotNotReady",
        gauge("twinshot_ready", "1", "0"),
        "5m45s",
        "6m",
        ONE,
        "a:8000 runs and has nothing to search",
    ),
    Trouble(
        "TwinshotRestarts",
        {f"process_start_time_seconds{{{A}}}": "100x9 200x9 300x9 400x60"},
        "7m15s",
        "7m30s",
        ONE,
        "a:8000 has started 3 times in 15 minutes",
    ),
    Trouble(
        "TwinshotErrors",
        counters("internal-error", 50),
        "5m",
        "5m15s",
        ALL,
        "2% of all answers are failures of the service",
    ),
    Trouble(
        "TwinshotSlow",
        answers("1.0", 5, "twinshot_request_seconds", 'route="/search"'),
        "10m",
        "10m15s",
        ALL,
        "one search in a hundred takes 1m 20s or more",
    ),
    Trouble(
        "TwinshotOverloaded",
        counters("busy", 50),
        "5m",
        "5m15s",
        ALL,
        "2% of all requests are refused because there is too much work",
    ),
    Trouble(
        "TwinshotCacheDown", gauge("twinshot_cache_up", "1", "0"), "2m45s", "3m", ONE, "a:8000 goes on without Redis"
    ),
    Trouble(
        "TwinshotGenerationRefused",
        gauge("twinshot_generation_refused", "0", "1"),
        "1m45s",
        "2m",
        ONE,
        "a:8000 refuses the generation that CURRENT names, and serves the one before",
    ),
    Trouble(
        "TwinshotGenerationsDiffer",
        {
            f'twinshot_generation_info{{{A}, generation="new"}}': "1x240",
            f'twinshot_generation_info{{{B}, generation="old"}}': "1x240",
        },
        "14m45s",
        "15m",
        ALL,
        "replicas serve 2 different generations",
    ),
    Trouble(
        "TwinshotGenerationsHeld",
        gauge("twinshot_generations_held", "1", "2"),
        "30m45s",
        "31m",
        ONE,
        "a:8000 has kept an old generation in memory for half an hour",
    ),
    Trouble(
        "TwinshotPhotosFell",
        gauge("twinshot_generation_rows", "1000", "799", at=260),
        "1h9m45s",
        "1h10m",
        ONE,
        "a:8000 has fewer than 80 % of the photos of an hour ago",
    ),
    Trouble(
        "TwinshotChangesNotFollowed",
        gauge("twinshot_changes_followed", "1", "0"),
        "1m45s",
        "2m",
        ONE,
        "a:8000 cannot follow the log of changes, and answers from an old catalogue",
    ),
    Trouble(
        "TwinshotReplicaBehind",
        {f"twinshot_revision{{{A}}}": "7x240", f"twinshot_revision{{{B}}}": "7x3 8x240"},
        "3m45s",
        "4m",
        ONE,
        "a:8000 is at revision 7, which another replica had passed a minute before",
    ),
    Trouble(
        "TwinshotChangesSlow",
        answers("5.0", 10, "twinshot_change_seconds", 'request="single"'),
        "10m",
        "10m15s",
        ALL,
        "one change in twenty takes 52.5s or more until it is on the disk",
    ),
    Trouble(
        "TwinshotNotCompacted",
        gauge("twinshot_changed_products", "20000", "20001"),
        "30m45s",
        "31m",
        ONE,
        "a:8000 carries 20001 changed products beside its generation",
    ),
    Trouble(
        "TwinshotFilesRunOut",
        gauge("process_open_fds", "80", "90") | {f"process_max_fds{{{A}}}": "100x360"},
        "10m45s",
        "11m",
        ONE,
        "a:8000 has 90% of the files open that it may have",
    ),
]

GOOD_HOUR = {
    **gauge("up", "1", "1"),
    **gauge("twinshot_ready", "1", "1"),
    f"process_start_time_seconds{{{A}}}": "100x100 200x140",  # it was restarted once
    **counters("internal-error", 200),
    **counters("busy", 200),
    **answers("0.5", 0, "twinshot_request_seconds", 'route="/search"'),
    **gauge("twinshot_cache_up", "1", "1"),
    **gauge("twinshot_generation_refused", "0", "0"),
    f'twinshot_generation_info{{{A}, generation="new"}}': "_x100 1x140",  # a switch, of one after the other
    f'twinshot_generation_info{{{A}, generation="old"}}': "1x100 stale",
    f'twinshot_generation_info{{{B}, generation="new"}}': "_x110 1x130",
    f'twinshot_generation_info{{{B}, generation="old"}}': "1x110 stale",
    f"twinshot_generations_held{{{A}}}": "1x100 2x20 1x120",
    **gauge("twinshot_generation_rows", "1000", "900", at=100),
    **gauge("twinshot_changes_followed", "1", "1"),
    f"twinshot_revision{{{A}}}": "0+5x240",
    f"twinshot_revision{{{B}}}": "0+5x240",
    **answers("1.0", 4, "twinshot_change_seconds", 'request="single"'),
    **gauge("twinshot_changed_products", "0", "10000"),
    **gauge("process_open_fds", "20", "70"),
    f"process_max_fds{{{A}}}": "100x360",
}


def test_there_is_a_trouble_for_every_alert() -> None:
    assert [trouble.alert for trouble in TROUBLES] == list(BY_NAME)


@pytest.mark.parametrize("trouble", TROUBLES, ids=[trouble.alert for trouble in TROUBLES])
def test_an_alert_fires_once_its_trouble_has_lasted(trouble: Trouble, tmp_path: Path) -> None:
    rule = BY_NAME[trouble.alert]
    expected = {
        "exp_labels": rule["labels"] | trouble.labels,
        "exp_annotations": {"summary": trouble.summary, "runbook": rule["annotations"]["runbook"]},
    }
    promtool(tmp_path, trouble.series, [(trouble.quiet, trouble.alert, []), (trouble.fires, trouble.alert, [expected])])


def test_nothing_fires_in_a_good_hour(tmp_path: Path) -> None:
    promtool(tmp_path, GOOD_HOUR, [(f"{minutes}m", alert, []) for minutes in range(60) for alert in BY_NAME])


def test_prometheus_reads_the_rules(tmp_path: Path) -> None:
    done = subprocess.run([program(), "check", "rules", ALERTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{len(RULES)} rules found" in done.stdout


def promtool(folder: Path, series: dict[str, str], expected: list[tuple[str, str, list[dict[str, Any]]]]) -> None:
    """Hold the rules against series: at a time, an alert, and as what it fires."""
    test = {
        "interval": f"{STEP}s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {"eval_time": time, "alertname": alert, "exp_alerts": alerts} for time, alert, alerts in expected
        ],
    }
    whole = {"rule_files": [str(ALERTS)], "evaluation_interval": f"{STEP}s", "tests": [test]}
    (folder / "tests.yml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    done = subprocess.run(
        [program(), "test", "rules", folder / "tests.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def program() -> str:
    path = shutil.which("promtool")
    assert path, "promtool is not installed; run `make system`, which installs it with prometheus"
    return path
