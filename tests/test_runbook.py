"""Alerts, runbook, metrics and command line agree: whatever one names, the other has."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from telemetry.fleet_gauges import FLEET, PROCESS
from telemetry.metrics import SERIES
from tests.shown_commands import problem

ROOT = Path(__file__).parent.parent
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
[GROUP] = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
ALERTS: list[dict[str, Any]] = GROUP["rules"]
SECTIONS = {
    part.partition("\n")[0]: part for part in re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)[1:]
}
PARTS = ("**Means.**", "**How bad.**", "**Look.**", "**Do.**", "**Over when**")
_SUFFIXES = ("", "_bucket", "_count", "_sum")


def commands(text: str) -> list[str]:
    """Every `outrider …` of a page, in code spans and code blocks."""
    spans = re.findall(r"`(outrider [^`]+)`", text)
    return spans + [line.strip() for line in re.findall(r"^    (outrider .+)$", text, re.MULTILINE)]


def series_of(expression: str) -> set[str]:
    """The series a PromQL expression reads; words of ours are `outrider_…`."""
    return set(re.findall(r"\boutrider_\w+", expression))


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    assert [alert["alert"] for alert in ALERTS] == list(dict.fromkeys(a["alert"] for a in ALERTS))
    assert set(SECTIONS) == {alert["alert"] for alert in ALERTS}


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_says_what_it_means_what_to_do_and_when_it_is_over(name: str) -> None:
    found = [part for part in PARTS if part in SECTIONS[name]]
    assert found == list(PARTS)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_reads_series_that_exist_and_points_at_its_section(alert: dict[str, Any]) -> None:
    every = (*SERIES, *PROCESS, *FLEET)
    known = {one.name + end for one in every for end in _SUFFIXES}
    assert series_of(alert["expr"])
    assert series_of(alert["expr"]) <= known
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"]["runbook"] == f"docs/runbook.md#{alert['alert'].lower()}"


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_selects_by_labels_that_its_series_has(alert: dict[str, Any]) -> None:
    labels = {one.name: {*one.labels, "instance"} for one in (*SERIES, *PROCESS, *FLEET)}
    for name, selector in re.findall(r"(outrider_\w+)\{([^}]*)\}", alert["expr"]):
        asked = set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", selector))
        assert asked <= labels[name]


@pytest.mark.parametrize("command", sorted(set(commands(RUNBOOK))))
def test_a_command_of_the_runbook_exists_with_its_options(command: str) -> None:
    # A name alone is a mention; whoever shows more shows something to type.
    assert problem(command, whole=bool(re.search(r" (-|[\d…A-Z])", command))) is None


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)]+)\)", RUNBOOK))))
def test_a_link_of_the_runbook_leads_somewhere(link: str) -> None:
    path, _, anchor = link.partition("#")
    assert (ROOT / "docs" / path).exists()
    assert not anchor or anchor in {name.lower() for name in SECTIONS}
