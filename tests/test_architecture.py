"""The rules of the house hold, and a planted violation of each of them is caught."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests import house_rules
from tests.house_rules import RULES, SHIPPED, Rule

ROOT = Path(__file__).parent.parent
PYPROJECT = ROOT / "pyproject.toml"
CONTRACTS = tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"]["contracts"]

# Files that may break a rule, with the reason. A line that is no longer needed fails the test.
ALLOWED: dict[str, dict[str, str]] = {
    "mail_leaves_by_one_door": {
        "workers/sending.py": "the door, where every call has the gate in its claim",
    },
    "nobody_commits_by_hand": {
        "db/pool.py": "the one place where transactions begin and end",
    },
    "the_clock_is_in_postgres": {
        "scripts/demo/sender.py": "the sender is a customer's machine, with a clock of its own",
        "providers/standins/hubspot_api.py": "HubSpot dates its answers by a clock of its own",
    },
}

# Each rule with code that breaks it: where, what, and the offence that must be named.
PLANTED: list[tuple[Rule, str, str, str]] = [
    (house_rules.only_db_runs_sql, "workers/a.py", "tx.execute('SELECT 1')", ":1 tx.execute"),
    (house_rules.only_db_runs_sql, "scripts/a.py", "c.cursor().executemany(q, r)", "executemany"),
    (house_rules.only_db_runs_sql, "ingress/a.py", "with cur.copy('COPY t') as c: ...", "cur.copy"),
    (
        house_rules.mail_leaves_by_one_door,
        "workers/a.py",
        "send = ctx.providers.sender.send",
        ":1 ctx.providers.sender",
    ),
    (house_rules.nobody_commits_by_hand, "db/a.py", "connection.commit()", "connection.commit"),
    (house_rules.nobody_commits_by_hand, "db/a.py", "atexit.register(c.rollback)", "c.rollback"),
    (
        house_rules.the_clock_is_in_postgres,
        "providers/a.py",
        "from datetime import UTC, datetime as moment\nmoment.now(UTC)",
        ":2 datetime.datetime.now",
    ),
    (
        house_rules.the_clock_is_in_postgres,
        "schemas/a.py",
        "import datetime\nfield(default_factory=datetime.date.today)",
        "datetime.date.today",
    ),
    (
        house_rules.the_clock_is_in_postgres,
        "workers/a.py",
        "from time import time as monotonic\nmonotonic()",
        ":2 time.time",
    ),
    (house_rules.files_stay_small, "tests/a.py", "x = 1\n" * 301, "tests/a.py:301 lines"),
    (
        house_rules.functions_stay_small,
        "pipelines/a.py",
        "def long():\n" + "    x = 1\n" * 45,
        "long has 46 lines",
    ),
    (house_rules.words_and_pipelines_stay_pure, "schemas/a.py", "import structlog", "structlog"),
    (
        house_rules.words_and_pipelines_stay_pure,
        "pipelines/a.py",
        "def f():\n    from rich.table import Table",
        ":2 rich.table",
    ),
]

INNOCENT = """
import shutil
import time
from datetime import datetime

def f(cur, pipe, names: dict, model) -> None:
    names.copy()
    pipe.execute()
    shutil.copy("a", "b")
    time.monotonic()
    datetime.fromisoformat("2026-11-21")
    cur.committed = model.execution
"""

# Each import contract with one import that breaks it.
FORBIDDEN = {
    "Layers point downwards": ("pipelines/a.py", "import workers.b", "pipelines.a -> workers.b"),
    "Only db speaks SQL": ("scripts/a.py", "import psycopg", "scripts.a -> psycopg"),
    "Only workers know Dramatiq": ("ingress/a.py", "import dramatiq", "ingress.a -> dramatiq"),
    "Redis stays a bell": ("telemetry/a.py", "import redis", "telemetry.a -> redis"),
    "Only providers call out over HTTP": ("db/a.py", "import httpx2", "db.a -> httpx2"),
    "Words and pipelines stay pure": ("schemas/a.py", "import rich", "schemas.a -> rich"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule: Rule) -> None:
    allowed = ALLOWED.get(rule.__name__, {})
    found = {offence: offence.partition(":")[0] for offence in rule(ROOT)}
    assert [offence for offence, path in found.items() if path not in allowed] == []
    assert set(allowed) <= set(found.values()), "an exception that nobody needs any more"


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule for rule, *_ in PLANTED} == set(RULES)
    assert {contract["name"] for contract in CONTRACTS} == set(FORBIDDEN)


@pytest.mark.parametrize(("rule", "path", "code", "offence"), PLANTED)
def test_a_planted_violation_is_named(
    tmp_path: Path, rule: Rule, path: str, code: str, offence: str
) -> None:
    plant(tmp_path, path, code)
    found = list(rule(tmp_path))
    assert len(found) == 1
    assert found[0].startswith(path)
    assert offence in found[0]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_innocent_code_offends_nobody(tmp_path: Path, rule: Rule) -> None:
    plant(tmp_path, "workers/a.py", INNOCENT)
    assert list(rule(tmp_path)) == []


def test_sql_in_db_is_at_home(tmp_path: Path) -> None:
    plant(tmp_path, "db/a.py", "tx.execute('SELECT 1')")
    assert list(house_rules.only_db_runs_sql(tmp_path)) == []


def test_import_contracts_catch_one_violation_each(tmp_path: Path) -> None:
    house(tmp_path)
    for path, code, _ in FORBIDDEN.values():
        plant(tmp_path, path, code)
    code, said = lint_imports(tmp_path)
    assert code == 1
    assert f"{len(FORBIDDEN)} broken" in said
    for name, (*_, broken) in FORBIDDEN.items():
        assert f"{name} BROKEN" in said
        assert broken in said


def test_import_contracts_allow_what_the_design_allows(tmp_path: Path) -> None:
    house(tmp_path)
    plant(tmp_path, "scripts/a.py", "import workers.a, httpx2, redis, dramatiq, rich")
    plant(tmp_path, "workers/a.py", "import pipelines.a, dramatiq, redis")
    plant(tmp_path, "pipelines/a.py", "import db.a, schemas.a")
    plant(tmp_path, "db/a.py", "import psycopg, psycopg_pool, telemetry.bell")
    plant(tmp_path, "telemetry/bell.py", "import redis, redis.backoff, schemas.a")
    plant(tmp_path, "providers/a.py", "import httpx2")
    code, said = lint_imports(tmp_path)
    assert (code, "0 broken" in said) == (0, True), said


def plant(root: Path, path: str, code: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(code)


def house(root: Path) -> None:
    """Eight empty rooms under the contracts of the real house."""
    shutil.copy(PYPROJECT, root)
    for room in SHIPPED:
        for name in ("__init__", "a", "b"):
            plant(root, f"{room}/{name}.py", "")
    plant(root, "telemetry/bell.py", "")


def lint_imports(root: Path) -> tuple[int, str]:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout
