"""The demo, small: it must find what it claims to find, and notice when it is not so."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from scripts.demo.check import Check

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.e2e
@pytest.mark.timeout(180)
def test_the_demo_survives_its_accident_and_counts_what_the_others_wrote_down(
    owner_dsn: str, redis_url: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "scripts.cli", "demo", "--leads", "40", "--seed", "3", "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OUTRIDER_DATABASE_URL": owner_dsn,
             "OUTRIDER_REDIS_URL": redis_url, "OUTRIDER_LEASE": "3",
             "OUTRIDER_HOME": str(tmp_path / "home")},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["verdict"] is True
    assert told["leads"] == 40
    assert told["rows_refused"] == 1
    assert told["mails"] > told["sequences"]
    assert told["workers_killed"] == 1
    assert 0 < told["seconds_to_recover"] < 12
    assert all(check["holds"] for check in told["checks"])
    assert ET.parse(told["picture"]).getroot().tag.endswith("svg")


def test_a_check_that_does_not_add_up_does_not_hold() -> None:
    assert Check("leads", 9, 9, "me").holds
    assert not Check("leads", 8, 9, "me").holds
    assert Check("doubts", 3, 8, "me", at_most=True).holds
    assert not Check("doubts", 9, 8, "me", at_most=True).holds
