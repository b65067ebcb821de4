"""`outrider dead`: look at what gave up; `scripts/dead_ends.py` sends it round again, or discards it."""

from dataclasses import asdict, replace
from enum import StrEnum
from typing import Annotated, cast

import typer

from db import Tx, dead, job_log, jobs
from db.dead import DeadLetter
from scripts import dead_ends
from scripts.dead_options import Fingerprint, Since, Until, which_of
from scripts.options import AnyActor, AnyTenant, Json, Limit
from scripts.output import out, print_json, show, show_one
from scripts.session import open_database
from telemetry.redaction import scrub

app = typer.Typer(no_args_is_help=True)
app.command("replay")(dead_ends.replay)
app.command("discard")(dead_ends.discard)
_COLUMNS = (
    "id",
    "job_id",
    "actor",
    "attempts",
    "error_class",
    "error_message",
    "fingerprint",
    "status",
    "died_at",
)


class Status(StrEnum):
    """Where a letter stands."""

    OPEN = "open"
    REPLAYED = "replayed"
    DISCARDED = "discarded"
    ANY = "any"


Standing = Annotated[Status, typer.Option("--status", help="Only letters that are this.")]
Closed = Annotated[bool, typer.Option("--all", help="Replayed and discarded ones too.")]


@app.command("list")
def list_letters(
    tenant: AnyTenant = None,
    actor: AnyActor = None,
    fingerprint: Fingerprint = None,
    since: Since = None,
    until: Until = None,
    status: Standing = Status.OPEN,
    everything: Closed = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List dead letters, newest first."""
    with open_database() as (database, _), database.hat("operator") as tx:
        which = which_of(tx, tenant=tenant, actor=actor, fingerprint=fingerprint, since=since,
                         until=until, status=_wanted(status, everything))  # fmt: skip
        rows = [_shown(letter) for letter in dead.list_letters(tx, which, limit=limit)]
    show(rows, as_json=as_json, columns=_COLUMNS, empty="No dead letters.")


@app.command("groups")
def list_groups(
    tenant: AnyTenant = None,
    actor: AnyActor = None,
    since: Since = None,
    until: Until = None,
    status: Standing = Status.OPEN,
    everything: Closed = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List kinds of failure by fingerprint, the most frequent first, each with its newest message."""
    with open_database() as (database, _), database.hat("operator") as tx:
        which = which_of(tx, tenant=tenant, actor=actor, since=since, until=until,
                         status=_wanted(status, everything))  # fmt: skip
        rows = dead.list_groups(tx, which, limit=limit)
    show(rows, as_json=as_json, empty="No dead letters.")


@app.command("show")
def show_letter(letter_id: int, as_json: Json = False) -> None:
    """Show one letter: payload, calls, its line in the log, and what became of its replay."""
    with open_database() as (database, _), database.hat("operator") as tx:
        letter = _shown(dead.get(tx, letter_id))
        calls = dead.list_calls(tx, letter)
        line = job_log.find(tx, letter.job_id)
        replayed = _replay(tx, letter)
    if as_json:
        print_json({**asdict(letter), "calls": [asdict(call) for call in calls],
                    "log": asdict(line) if line else None, "replay": replayed})  # fmt: skip
        return
    show_one(letter, as_json=False)
    show(calls, as_json=False, empty="Its job began no call.")
    if line:
        out.print(f"Job {line.job_id}: {line.outcome} after {line.attempt} attempts, {line.finished_at:%Y-%m-%d %H:%M:%S%z}.",
                  highlight=False)  # fmt: skip
    if replayed:
        out.print(f"Replayed as job {replayed['job_id']}: {replayed['state']}.", highlight=False)


def _shown(letter: DeadLetter) -> DeadLetter:
    """Without what a stranger may have put into the payload of a job that nobody could read."""
    return replace(letter, payload=cast("dict[str, object]", scrub(letter.payload)))


def _replay(tx: Tx, letter: DeadLetter) -> dict[str, object] | None:
    """The job that does a letter's work again, where it is or how it ended, and its own letter."""
    if letter.replay_job_id is None:
        return None
    job, line = jobs.find(tx, letter.replay_job_id), job_log.find(tx, letter.replay_job_id)
    again = dead.find_of_job(tx, letter.replay_job_id)
    state = job.state if job else line.outcome if line else "forgotten"
    return {
        "job_id": letter.replay_job_id,
        "state": state,
        "finished_at": line.finished_at if line else None,
        "last_error": again.error_message if again else job.last_error if job else None,
        "letter_id": again.id if again else None,
    }


def _wanted(status: Status, everything: bool) -> str | None:
    return None if everything or status is Status.ANY else status.value
