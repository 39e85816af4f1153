"""The alerts: Prometheus takes them, each rises when it must, and speaks of metrics and places in the runbook that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import prometheus_client
import pytest
import yaml

from alarmcore import metrics
from tests.deploy.programs import DEPLOY, ROOT, program, run

FOLDER = DEPLOY / "prometheus"
PROMTOOL = program("promtool")
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((FOLDER / "alarmcore.rules.yml").read_text())["groups"] for rule in group["rules"]
]


def ours() -> set[str]:
    """Every name that `/metrics` can say."""
    assert metrics.OPEN is not None
    names = set()
    for family in prometheus_client.REGISTRY.collect():
        names |= {family.name + end for end in ("", "_total", "_bucket", "_sum", "_count")}
    return {name for name in names if name.startswith("alarmcore_")}


def anchors(text: str) -> set[str]:
    """The places of a page, as they are linked to."""
    titles = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.fixture
def promtool(need: Callable[[object, str], None]) -> str:
    need(PROMTOOL, "promtool (of Debian's package prometheus)")
    return str(PROMTOOL)


def test_prometheus_takes_rules_and_example(promtool: str) -> None:
    run(promtool, "check", "rules", FOLDER / "alarmcore.rules.yml")
    run(promtool, "check", "config", "--syntax-only", FOLDER / "prometheus.yml")


def test_each_alert_rises_when_it_must_and_not_otherwise(promtool: str) -> None:
    run(promtool, "test", "rules", FOLDER / "alarmcore.rules.test.yml")


def test_each_alert_has_something_that_raises_it() -> None:
    """Guards the test above against saying nothing of an alert."""
    risen: set[str] = set()
    for case in yaml.safe_load((FOLDER / "alarmcore.rules.test.yml").read_text())["tests"]:
        risen |= {one["alertname"] for one in case.get("alert_rule_test", []) if one["exp_alerts"]}
        for asked in case.get("promql_expr_test", []):
            ones = [one["labels"] for one in asked["exp_samples"] if one["value"] == 1]
            risen |= set(re.findall(r'alertname="(\w+)"', " ".join(ones) + (asked["expr"] if "{}" in ones else "")))
    assert risen == {rule["alert"] for rule in RULES}


def test_alerts_speak_of_metrics_that_exist() -> None:
    said = {name for rule in RULES for name in re.findall(r"\balarmcore_\w+", rule["expr"])}
    assert len(said) > 10
    assert said - ours() == set()


def test_the_dashboard_shows_metrics_that_exist() -> None:
    board = json.loads((FOLDER / "dashboard.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    said = {name for expr in asked for name in re.findall(r"\balarmcore_\w+", expr)}
    assert len(said) > 10
    assert said - ours() == set()


def test_each_alert_names_its_place_in_the_runbook() -> None:
    places = anchors((ROOT / "docs" / "runbook.md").read_text())
    named = {rule["alert"]: rule["annotations"]["runbook"] for rule in RULES}
    assert all(place.startswith("docs/runbook.md#") for place in named.values())
    assert [alert for alert, place in named.items() if place.partition("#")[2] not in places] == []


def test_each_alert_says_how_soon_somebody_must_look() -> None:
    assert {rule["labels"]["severity"] for rule in RULES} == {"page", "ticket"}
    assert all(rule["annotations"]["summary"] for rule in RULES)
