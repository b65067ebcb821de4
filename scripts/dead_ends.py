"""`outrider dead replay|discard`: end dead letters, one or many; a dry run says what would happen."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated
from uuid import uuid4

import typer

from db import Database
from db.dead import Which
from schemas.errors import NoSuchRow, Permanent
from scripts.dead_options import (
    Everything,
    Fingerprint,
    Ids,
    Most,
    Since,
    Until,
    refuse_nothing,
    which_of,
)
from scripts.moments import read_rate
from scripts.options import AnyActor, AnyTenant, Json, Reason
from scripts.output import out, print_json, show
from scripts.session import open_database, whoami
from workers.discarding import discard_all
from workers.edits import Edit, assignment, removal
from workers.forecasts import forecast_all
from workers.letters import Left
from workers.replay import Order, Replayed, replay_all

Why = Annotated[
    str | None, typer.Option("--reason", help="Why; kept in the audit trail. Not for a dry run.")
]


def replay(
    ids: Ids = None,
    tenant: AnyTenant = None,
    actor: AnyActor = None,
    fingerprint: Fingerprint = None,
    since: Since = None,
    until: Until = None,
    everything: Everything = False,
    limit: Most = None,
    rate: Annotated[str, typer.Option(help="How many start: 10/s, 30/m.")] = "10/s",
    assign: Annotated[
        list[str] | None, typer.Option("--set", help="payload.FIELD=VALUE, a JSON value.")
    ] = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", help="payload.FIELD, which goes.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say per letter what would happen, and do nothing.")
    ] = False,
    reason: Why = None,
    as_json: Json = False,
) -> None:
    """Make new jobs of open letters, oldest first; each once, whoever asks how often."""
    every, edits = read_rate(rate), [assignment(text) for text in assign or []]
    edits += [removal(text) for text in unset or []]
    with open_database() as (database, _):
        which = _which(database, ids, tenant, actor, fingerprint, since, until, everything)
        if dry_run:
            _forecast(database, which, edits, limit, as_json=as_json)
            return
        order = Order(whoami(), _said(reason), every, edits)
        ends = list(replay_all(database, which, order, limit=limit))
    _tell_replayed(ends, order, ids, as_json=as_json)


def discard(
    reason: Reason,
    ids: Ids = None,
    tenant: AnyTenant = None,
    actor: AnyActor = None,
    fingerprint: Fingerprint = None,
    since: Since = None,
    until: Until = None,
    everything: Everything = False,
    limit: Most = None,
    as_json: Json = False,
) -> None:
    """Decide that open letters are never done; nobody takes that back."""
    batch_id = uuid4()
    with open_database() as (database, _):
        which = _which(database, ids, tenant, actor, fingerprint, since, until, everything)
        ends = list(discard_all(database, which, operator=whoami(), reason=reason,
                                batch_id=batch_id, limit=limit))  # fmt: skip
    gone = [letter_id for some, _ in ends for letter_id in some]
    left = [one for _, some in ends for one in some]
    _refuse(gone, left, ids)
    if as_json:
        print_json({"batch": batch_id, "discarded": gone, "left": [asdict(one) for one in left]})
    else:
        out.print(_sentence(len(gone), left, "are discarded"), highlight=False)


def _which(
    database: Database,
    ids: list[int] | None,
    tenant: str | None,
    actor: str | None,
    fingerprint: str | None,
    since: str | None,
    until: str | None,
    everything: bool,
) -> Which:
    with database.hat("operator") as tx:
        which = which_of(tx, ids=ids, tenant=tenant, actor=actor, fingerprint=fingerprint,
                         since=since, until=until)  # fmt: skip
    refuse_nothing(which, everything=everything)
    return which


def _said(reason: str | None) -> str:
    if not (reason or "").strip():
        raise typer.BadParameter("say why, in a word at least", param_hint="--reason")
    return reason or ""


def _forecast(
    database: Database, which: Which, edits: Sequence[Edit], limit: int | None, *, as_json: bool
) -> None:
    rows = [one for part in forecast_all(database, which, edits=edits, limit=limit) for one in part]
    show(rows, as_json=as_json, columns=("letter_id", "actor", "omen", "because"),
         empty="No open dead letter is meant.")  # fmt: skip
    if rows and not as_json:
        counts = Counter(row.omen.value for row in rows).most_common()
        told = ", ".join(f"{many} {omen}" for omen, many in counts)
        out.print(f"Of {len(rows)} letters: {told}. Nothing was changed.", highlight=False)


def _tell_replayed(
    ends: Sequence[Replayed], order: Order, ids: list[int] | None, *, as_json: bool
) -> None:
    tied = [one for end in ends for one in end.tied]
    left = [one for end in ends for one in end.left]
    _refuse(tied, left, ids)
    if as_json:
        only = asdict(tied[0]) if len(tied) == 1 else {}
        print_json({"batch": order.batch_id, **only, "replayed": [asdict(one) for one in tied],
                    "left": [asdict(one) for one in left]})  # fmt: skip
    elif len(tied) == 1 and not left:
        out.print(f"Dead letter {tied[0].letter_id} runs again as job {tied[0].job_id}.")
    else:
        out.print(_sentence(len(tied), left, "run again"), highlight=False)


def _refuse(done: Sequence[object], left: Sequence[Left], ids: list[int] | None) -> None:
    """Letters were named, and nothing could be done with any of them: an error, and no report."""
    if ids and left and not done:
        if left[0].because == "does not exist":
            raise NoSuchRow("dead letter", left[0].letter_id)
        raise Permanent(
            "; ".join(f"Dead letter {one.letter_id} {one.because}" for one in left) + "."
        )


def _sentence(done: int, left: Sequence[Left], verb: str) -> str:
    if not left:
        return f"{done} of {done} {verb}." if done else "No open dead letter is meant."
    reasons = "; ".join(f"{one.letter_id} {one.because}" for one in left[:20])
    more = f"; and {len(left) - 20} more" if len(left) > 20 else ""
    were = "was" if len(left) == 1 else "were"
    return f"{done} of {done + len(left)} {verb}, {len(left)} {were} left: {reasons}{more}."
