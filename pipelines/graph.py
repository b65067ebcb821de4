"""The pipelines as a picture, drawn from the tables that run. Refuses to know anything else."""

from collections.abc import Iterator

from pipelines.dsl import Step
from pipelines.engine import PIPELINES
from pipelines.schedules import SCHEDULES


def mermaid() -> str:
    """A mermaid flowchart: facts are round, jobs are boxes, clocks are flags."""
    return "\n".join(["flowchart LR", *_steps(), *_clocks()])


def text() -> str:
    """The same, one line per consequence."""
    lines = [
        f"{step.event.name} → {step.job.name}{_conditions(step)}"
        for pipeline in PIPELINES
        for step in pipeline.steps
    ]
    return "\n".join([*lines, *(f"{s.cron} {s.timezone} → {s.job.name}" for s in SCHEDULES)])


def document() -> list[dict[str, str]]:
    """The same for machines: one record per consequence, with `when`, `then` and `condition`."""
    follows = [
        {"when": step.event.name, "then": step.job.name, "condition": _conditions(step).strip()}
        for pipeline in PIPELINES
        for step in pipeline.steps
    ]
    return follows + [
        {"when": f"{s.cron} {s.timezone}", "then": s.job.name, "condition": ""} for s in SCHEDULES
    ]


def _steps() -> Iterator[str]:
    for pipeline in PIPELINES:
        for step in pipeline.steps:
            label = _conditions(step).strip()
            arrow = f"-- {label} -->" if label else "-->"
            yield (
                f"  {step.event.__name__}([{step.event.name}])"
                f" {arrow} {step.job.__name__}[{step.job.name}]"
            )
            for fact in step.job.emits:
                yield f"  {step.job.__name__} -.-> {fact.__name__}([{fact.name}])"


def _clocks() -> Iterator[str]:
    for schedule in SCHEDULES:
        job = type(schedule.job)
        yield (
            f'  {schedule.name}>"{schedule.cron} {schedule.timezone}"]'
            f" --> {job.__name__}[{job.name}]"
        )


def _conditions(step: Step) -> str:
    words = [
        "if" if step.when else "",
        f"after {step.after}" if step.after else "",
        f"at {step.until}" if step.until else "",
        f"gathered for {step.gather}" if step.gather is not None else "",
        f"newest per {step.newest_per}" if step.newest_per else "",
    ]
    return "".join(f" {word}" for word in words if word)
