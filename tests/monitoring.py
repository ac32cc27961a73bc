"""The files of docker/monitoring, as tests read them."""

import json
from collections.abc import Iterator
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "docker" / "monitoring"
ALERTS = FOLDER / "alerts.yml"
DASHBOARD = json.loads((FOLDER / "grafana" / "dashboards" / "twinshot.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"][0]["rules"]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Where each expression stands, and the expression."""
    yield from ((rule["alert"], rule["expr"]) for rule in RULES)
    shown = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
    shown += [(own["name"], own["expr"]) for own in DASHBOARD["annotations"]["list"]]
    for title, expression in shown:
        yield title, plain(expression)


def plain(expression: str) -> str:
    """An expression of the dashboard as Prometheus gets it."""
    return expression.replace("$__rate_interval", "1m").replace("$instance", ".*")
