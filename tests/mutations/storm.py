"""A mutated fleet in a small chaos run: the sixteen invariants of the harness judge it, not a scene."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import psycopg

from scripts.chaos.run import Order, run
from tests.mutations.trial import Mutation, Outcome, mutated, statements


@dataclass(frozen=True, slots=True)
class Storm:
    """Which mutation is sent through which run, and which invariants of the harness must name it."""

    mutation: str
    caught_by: frozenset[str]
    seed: int = 7
    jobs: int = 300
    minutes: float = 0.3
    faults: bool = True


STORMS = (
    Storm("a lane's cap is ignored", frozenset({"I7"}), faults=False),
    Storm("a letter may be replayed again", frozenset({"I12"}), faults=False),
    Storm("a lane's rate does not move on", frozenset({"I8"}), faults=False),
    Storm("a call in doubt is made again", frozenset({"I2"})),
)
"""Those without faults show that the harness sees mistakes in peace; the last needs a storm."""


def weather(storm: Storm, mutation: Mutation, dsn: str) -> Outcome:
    """Do the run with the mutated fleet; `dsn`: a migrated database to take functions from.

    Call it from the main thread. Raises Stale.
    """
    started = monotonic()
    with (
        mutated(mutation) as tree,
        TemporaryDirectory(prefix="outrider-storm-") as folder,
        psycopg.connect(dsn) as conn,
    ):
        changes: list[str] = []
        for statement in statements(conn, mutation):
            conn.execute(statement.encode())
            changes.append(statement)
        if changes:
            _migration(tree).write_text(";\n".join([*changes, ""]), encoding="utf-8")
        order = Order(storm.seed, storm.jobs, storm.minutes, faults=storm.faults, tree=tree)
        report = run(order, Path(folder) / "run")
    told = "\n".join(f"{name}: {sentence}" for name, sentence in report.violations)
    named = frozenset(name for name, _ in report.violations)
    return Outcome(mutation.name, named, monotonic() - started, told)


def _migration(tree: Path) -> Path:
    """The name of a migration after the last one."""
    folder = tree / "db" / "migrations"
    return folder / f"{len(list(folder.glob('*.sql'))) + 1:03d}_mutation.sql"
