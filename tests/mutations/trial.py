"""One deliberate mistake, one scene, one verdict: does the check that is named for it see it?

The shipped packages and the tests are copied, the mistake is made in the copy (or in the scene's
database), and the scene is played there by a pytest of its own.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg

from tests.mutations.witness import REPORT

MUTATION = "OUTRIDER_MUTATION"
ROOT = Path(__file__).parents[2]
_COPIED = (
    "schemas",
    "telemetry",
    "db",
    "providers",
    "pipelines",
    "workers",
    "ingress",
    "scripts",
    "tests",
)


class Stale(AssertionError):
    """The text that a mutation replaces does not occur exactly once."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`where` is a file, `sql:` and a function of the database as it is migrated, or `ddl`."""

    where: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """A mistake that somebody could make, the scene that suffers, and who must name it."""

    name: str
    scene: str
    caught_by: frozenset[str]
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the checks said of a mutated runtime."""

    mutation: str
    named: frozenset[str] | None
    """None: the scene broke down before anybody could say anything."""
    seconds: float
    output: str


def replaced(text: str, edit: Edit) -> str:
    """The text with the mistake in it. Raises Stale."""
    if (found := text.count(edit.old)) != 1:
        raise Stale(f"{edit.where}: {edit.old!r} occurs {found} times; mend the catalogue.")
    return text.replace(edit.old, edit.new)


def statements(conn: psycopg.Connection[Any], mutation: Mutation) -> Iterator[str]:
    """The mistakes of a mutation that are the database's, as SQL for one like this. Raises Stale.

    Execute each before the next is asked for: several may change one function.
    """
    for edit in mutation.edits:
        kind, _, name = edit.where.partition(":")
        if kind == "ddl":
            yield edit.new
        if kind == "sql":
            yield replaced(_function(conn, name, edit), edit)


def _function(conn: psycopg.Connection[Any], name: str, edit: Edit) -> str:
    found = conn.execute(
        """
        SELECT pg_get_functiondef(p.oid) FROM pg_proc p
         WHERE p.pronamespace = 'outrider'::regnamespace AND p.proname = %s
           AND strpos(p.prosrc, %s) > 0
        """,
        (name, edit.old),
    ).fetchall()
    if len(found) != 1:
        raise Stale(f"{edit.where}: {len(found)} functions contain {edit.old!r}.")
    return str(found[0][0])


def _is_file(edit: Edit) -> bool:
    return edit.where.endswith((".py", ".sql"))


@contextmanager
def mutated(mutation: Mutation) -> Generator[Path]:
    """A copy of the shipped packages and the tests with the mistakes that are files'. Raises Stale."""
    with tempfile.TemporaryDirectory(prefix="outrider-mutation-") as folder:
        tree = Path(folder)
        for name in _COPIED:
            shutil.copytree(ROOT / name, tree / name)
        shutil.copy(ROOT / "pyproject.toml", tree)
        for edit in filter(_is_file, mutation.edits):
            path = tree / edit.where
            path.write_text(replaced(path.read_text(encoding="utf-8"), edit), encoding="utf-8")
        yield tree


def attempt(mutation: Mutation) -> Outcome:
    """Play the mutation's scene in a mutated copy. Raises Stale."""
    started = monotonic()
    with mutated(mutation) as tree:
        report = tree / "report.json"
        played = subprocess.run(
            [sys.executable, "-P", "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-m", "",
             "--tb=short", f"tests/mutations/{mutation.scene}"],
            cwd=tree, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(tree), MUTATION: mutation.name, REPORT: str(report)},
        )  # fmt: skip
        named = frozenset(json.loads(report.read_text())) if report.exists() else None
    return Outcome(mutation.name, named, monotonic() - started, played.stdout + played.stderr)


def faults(mutations: Iterable[Mutation]) -> list[str]:
    """Mutations that no longer fit the files; `statements` is strict about the database."""
    found: list[str] = []
    for mutation in mutations:
        for edit in mutation.edits:
            if _is_file(edit):
                try:
                    replaced((ROOT / edit.where).read_text(encoding="utf-8"), edit)
                except Stale as stale:
                    found.append(f"{mutation.name}: {stale}")
    return found
