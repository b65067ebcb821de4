"""House rules that no linter knows, as functions of a root folder: each yields the offences.

An offence reads `path:line what`. The rules see names through their imports, so that
`from time import time as now` is a clock under any name.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

SHIPPED = ("schemas", "telemetry", "db", "providers", "pipelines", "workers", "ingress", "scripts")
FILE_LINES, FUNCTION_LINES = 300, 45

WALL_CLOCKS = {
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today",
    "datetime.date.today", "time.time", "time.time_ns", "time.gmtime", "time.localtime",
}  # fmt: skip

# The words and the map of the system lean on nothing that does I/O: models, pure grammars of
# addresses, templates and cron lines, and calendars.
OUTSIDE = {
    "schemas": {"pydantic", "pydantic_settings", "email_validator", "holidays", "liquid"},
    "pipelines": {"cronsim"},
}

Offences = Iterator[str]
Rule = Callable[[Path], Offences]


def only_db_runs_sql(root: Path) -> Offences:
    """`.execute(…)`, `.executemany(…)`, `.copy(…)` stand in `db/` alone.

    Without an argument they are something else: a Redis pipeline, a dictionary.
    """
    for path, node, names in _nodes(root):
        if path.parts[0] == "db" or not isinstance(node, ast.Call):
            continue
        called = _dotted(node.func, names)
        verb = called.rpartition(".")[2] if isinstance(node.func, ast.Attribute) else ""
        library = called.startswith(("shutil.", "copy."))
        if verb in {"execute", "executemany", "copy"} and node.args and not library:
            yield _offence(path, node, called)


def mail_leaves_by_one_door(root: Path) -> Offences:
    """Whoever holds the sender could send past the gate: `providers.sender` is for one module's eyes."""
    for path, node, names in _nodes(root):
        held = _dotted(node, names) if isinstance(node, ast.Attribute) else ""
        if held == "providers.sender" or held.endswith(".providers.sender"):
            yield _offence(path, node, held)


def nobody_commits_by_hand(root: Path) -> Offences:
    """A transaction is a `with` block: what it holds happens together or not at all."""
    for path, node, names in _nodes(root):
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}:
            yield _offence(path, node, _dotted(node, names))


def the_clock_is_in_postgres(root: Path) -> Offences:
    """Wall clocks, called or handed on; `time.monotonic` measures and is no clock."""
    for path, node, names in _nodes(root):
        if isinstance(node, ast.Attribute | ast.Name):
            name = _dotted(node, names)
            if name in WALL_CLOCKS:
                yield _offence(path, node, name)


def files_stay_small(root: Path) -> Offences:
    """At most 300 lines, tests included."""
    for path in _files(root, (*SHIPPED, "tests")):
        lines = len((root / path).read_text().splitlines())
        if lines > FILE_LINES:
            yield f"{path}:{lines} lines"


def functions_stay_small(root: Path) -> Offences:
    """At most 45 lines, decorators and docstring included."""
    for path, node, _ in _nodes(root):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield _offence(path, node, f"{node.name} has {lines} lines")


def words_and_pipelines_stay_pure(root: Path) -> Offences:
    """From outside, `schemas` and `pipelines` import the libraries of `OUTSIDE` and no others."""
    for path, node, _ in _nodes(root):
        allowed = OUTSIDE.get(path.parts[0])
        if allowed is None:
            continue
        for module in _imported(node):
            top = module.partition(".")[0]
            if top not in {*allowed, *SHIPPED, *sys.stdlib_module_names}:
                yield _offence(path, node, module)


RULES: tuple[Rule, ...] = (
    only_db_runs_sql,
    mail_leaves_by_one_door,
    nobody_commits_by_hand,
    the_clock_is_in_postgres,
    files_stay_small,
    functions_stay_small,
    words_and_pipelines_stay_pure,
)


def _files(root: Path, folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root)


def _nodes(root: Path) -> Iterator[tuple[Path, ast.AST, dict[str, str]]]:
    """Every node of every shipped file, with what the names of its file stand for."""
    for path in _files(root, SHIPPED):
        found, names = _parsed((root / path).read_text())
        for node in found:
            yield path, node, names


@cache
def _parsed(text: str) -> tuple[list[ast.AST], dict[str, str]]:
    """One reading of a file for all rules."""
    found, names = list(ast.walk(ast.parse(text))), dict[str, str]()
    for node in found:
        names |= _bound(node)
    return found, names


def _bound(node: ast.AST) -> dict[str, str]:
    if isinstance(node, ast.Import):
        return {alias.asname: alias.name for alias in node.names if alias.asname}
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return {}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    return names.get(node.id, node.id) if isinstance(node, ast.Name) else "…"


def _offence(path: Path, node: ast.AST, what: str) -> str:
    return f"{path}:{getattr(node, 'lineno', 0)} {what}"
