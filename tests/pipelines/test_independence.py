"""What follows what is in the tables and nowhere else, and each actor stands on its own."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.dsl import Step
from pipelines.engine import PIPELINES
from schemas import events as vocabulary
from schemas.base import Event, Job
from workers import process
from workers.actor import registered

ROOT = Path(__file__).parent.parent.parent
STEPS = [step for pipeline in PIPELINES for step in pipeline.steps]
EVENTS = [
    kind for kind in vars(vocabulary).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
]  # fmt: skip
ACTORS = [Path(module.__file__ or "") for module in process.ACTORS]


@pytest.mark.parametrize("event", EVENTS)
def test_every_fact_has_a_listener(event: type[Event]) -> None:
    assert [step.job for step in STEPS if step.event is event]


@pytest.mark.parametrize("event", EVENTS)
def test_every_fact_is_stated_somewhere(event: type[Event]) -> None:
    assert event.__name__ in _stated()


def test_an_actor_states_what_its_job_declares_and_a_job_declares_nothing_else() -> None:
    stated = {path.stem: _calls(path) for path in ACTORS}
    for spec in registered().values():
        module = (spec.batch or spec.handler).__module__.rpartition(".")[2]
        helpers = _stated(ROOT / "workers")
        for fact in spec.job.emits:
            assert fact.__name__ in stated[module] | helpers, f"{spec.job.name} never emits {fact}"


def test_no_circle_turns_by_itself() -> None:
    free = {job: list(_at_once(job)) for job in {step.job for step in STEPS}}
    for start in free:
        assert start not in _reached(start, free), f"{start.name} follows from itself at once"


@pytest.mark.parametrize("path", ACTORS, ids=lambda path: path.stem)
def test_no_actor_knows_another(path: Path) -> None:
    others = {f"workers.{other.stem}" for other in ACTORS if other != path}
    assert not others & set(_imports(path))


def _at_once(job: type[Job]) -> Iterator[type[Job]]:
    for step in STEPS:
        if step.event in job.emits and not _waits(step):
            yield step.job


def _waits(step: Step) -> bool:
    wait = step.gather if step.gather is not None else step.after
    return bool(step.when or step.until or wait > timedelta(0))


def _reached(start: type[Job], free: dict[type[Job], list[type[Job]]]) -> set[type[Job]]:
    seen: set[type[Job]] = set()
    ahead = list(free[start])
    while ahead:
        job = ahead.pop()
        if job not in seen:
            seen.add(job)
            ahead += free.get(job, [])
    return seen


def _stated(*folders: Path) -> set[str]:
    rooms = folders or tuple(ROOT / room for room in ("workers", "ingress", "scripts"))
    return {name for room in rooms for path in room.rglob("*.py") for name in _calls(path)}


def _calls(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
