"""The dashboard and the alert rules ask for what the service has: metrics, labels, values; the docs have the rules."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import promql_parser as promql
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.app.running import ask
from tests.monitoring import DASHBOARD, PANELS, PROJECT, RULES, expressions, plain

TARGET = {"job", "instance"}
"""Labels that Prometheus adds to whatever it reads."""
OF_PROMETHEUS: dict[str, set[str]] = {"up": set(), "ALERTS": {"alertname", "alertstate"}}

Labels = dict[str, set[str]]


@pytest.fixture
def series(shop: TestClient, jpeg: bytes) -> dict[str, Labels]:
    """What a service that has done a bit of everything shows: metric → label → its values."""
    ask(shop, jpeg)
    ask(shop, jpeg)
    assert shop.delete("/products/P05").status_code == 200
    found: dict[str, Labels] = {}
    for family in text_string_to_metric_families(shop.get("/metrics").text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return found


def nodes(expression: str) -> list[Any]:
    """Every part of an expression. Raises ValueError where it is none."""
    found: list[Any] = []
    promql.walk(promql.parse(expression), lambda node: found.append(node) or True)
    return found


def selectors(expression: str) -> list[Any]:
    return [node for node in nodes(expression) if isinstance(node, promql.VectorSelector)]


def asked_labels(expression: str) -> set[str]:
    """The labels by which an expression adds up or matches."""
    found: set[str] = set()
    for node in nodes(expression):
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            found |= set(node.modifier.labels)
        elif isinstance(node, promql.BinaryExpr) and node.modifier is not None and node.modifier.matching is not None:
            found |= set(node.modifier.matching.labels)
    return found


def test_every_metric_label_and_value_that_is_asked_for_is_there(series: dict[str, Labels]) -> None:
    missing = []
    for where, expression in expressions():
        known = set(TARGET)
        for own in selectors(expression):
            labels = series.get(own.name)
            if own.name in OF_PROMETHEUS:
                labels = {name: set() for name in OF_PROMETHEUS[own.name]}
            if labels is None:
                missing.append(f"{where}: {own.name}")
                continue
            known |= labels.keys()
            for matcher in own.matchers.matchers:
                missing += [f"{where}: {own.name} {own}" for own in unknown(matcher, own.name, labels)]
        missing += [f"{where}: by {label}" for label in asked_labels(expression) - known]
    assert missing == []


def unknown(matcher: Any, metric: str, labels: Labels) -> Iterator[str]:
    """What a matcher asks for that nothing has."""
    if matcher.name in TARGET:
        return
    if matcher.name not in labels:
        yield matcher.name
    elif metric not in OF_PROMETHEUS:
        for wanted in matcher.value.split("|"):
            if not any(re.fullmatch(wanted, value) for value in labels[matcher.name]):
                yield f'{matcher.name}="{wanted}"'


def test_every_metric_of_the_service_is_on_the_dashboard(client: TestClient) -> None:
    shown = {own.name for panel in PANELS for where in panel["targets"] for own in selectors(plain(where["expr"]))}
    families = {own.name for own in text_string_to_metric_families(client.get("/metrics").text)}
    own = {name for name in families if name.startswith("twinshot_")}
    assert [name for name in own if not any(asked.startswith(name) for asked in shown)] == []


def test_legends_name_labels_that_their_series_keep() -> None:
    for panel in PANELS:
        for target in panel["targets"]:
            kept = asked_labels(plain(target["expr"])) or TARGET
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= kept, panel["title"]


def test_the_dashboard_s_panels_have_places_of_their_own_and_one_data_source() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for one, other in combinations([panel["gridPos"] for panel in DASHBOARD["panels"]], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in DASHBOARD["panels"])
    used = [own["datasource"] for panel in PANELS for own in (panel, *panel["targets"])]
    assert {json.dumps(own) for own in used} == {json.dumps({"type": "prometheus", "uid": "${datasource}"})}
    assert {own["name"] for own in DASHBOARD["templating"]["list"]} == {"datasource", "instance"}


def test_each_rule_has_what_prometheus_and_the_person_it_wakes_need() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.keys() - {"for"} == {"alert", "expr", "labels", "annotations"}, rule["alert"]
        assert promql.parse_duration(rule.get("for", "1m"))
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"].keys() == {"summary", "runbook"}
        kept = asked_labels(rule["expr"]) - {"le"} if "sum by" in rule["expr"] or "count by" in rule["expr"] else TARGET
        assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= kept, rule["alert"]


def test_every_alert_is_documented_with_its_severity_and_the_same_runbook() -> None:
    text = (PROJECT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.startswith("| `Twinshot")]
    documented = {row[1]: (row[2], row[4].replace("`", "")) for row in rows}
    assert documented == {
        f"`{rule['alert']}`": (rule["labels"]["severity"], rule["annotations"]["runbook"]) for rule in RULES
    }
