"""The chaos run itself, small: whatever strikes, nothing is lost and nothing happens twice."""

import shutil
from pathlib import Path

import pytest

from scripts.chaos.report import Report
from scripts.chaos.run import Order, run
from scripts.chaos.stage import ROOT
from tests.house_rules import SHIPPED

pytestmark = pytest.mark.e2e


def story(report: Report) -> str:
    return "\n".join(f"{name}: {sentence}" for name, sentence in report.violations)


@pytest.mark.timeout(240)
def test_a_storm_of_every_fault_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    report = run(
        Order(seed=7, jobs=900, minutes=0.2, workers=2, lease=2, threads=4), tmp_path / "chaos"
    )
    assert not report.violations, story(report)
    assert report.figures["kills"]
    assert report.figures["jobs_recovered"]
    assert sum(report.struck.values()) == len(report.schedule)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_two_minutes_of_faults(tmp_path: Path) -> None:
    report = run(Order(seed=120, jobs=20_000, minutes=2), tmp_path / "chaos")
    assert not report.violations, story(report)
    assert report.figures["kills"]


@pytest.mark.long
@pytest.mark.timeout(240)
def test_in_peace_there_is_no_doubt_and_no_attempt_is_lost(tmp_path: Path) -> None:
    report = run(Order(seed=3, jobs=3000, minutes=0.3, faults=False), tmp_path / "chaos")
    assert not report.violations, story(report)
    assert [
        report.figures[name] for name in ("kills", "doubts", "jobs_recovered", "jobs_fenced")
    ] == [0] * 4


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_mistake_in_the_runtime_is_caught_by_name(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for package in SHIPPED:
        shutil.copytree(ROOT / package, tree / package)
    source = (tree / "workers/effects.py").read_text()
    guard = "effect.kind is EffectClass.REPEATABLE or known.released"
    assert source.count(guard) == 1
    (tree / "workers/effects.py").write_text(source.replace(guard, "True"))
    report = run(Order(seed=7, jobs=3000, minutes=0.5, lease=2, tree=tree), tmp_path / "chaos")
    assert "I2" in dict(report.violations), story(report)
