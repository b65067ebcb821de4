"""`outrider replies`: what came in, what it was understood to be, and a person's word on it."""

import base64
import binascii
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, TextIO, cast
from uuid import UUID

import typer

from db import Database, replies, suggestions, tenants
from db.replies import Reply
from db.suggestions import Suggestion
from schemas import inbound
from schemas.enums import ReplyIntent
from schemas.errors import Permanent
from schemas.inbound import Inbound
from schemas.replies import classify as verdict_on
from scripts.options import Json, Limit, Tenant
from scripts.output import out, print_json, show, show_one
from scripts.session import open_database, whoami
from workers.reviews import ask_for_suggestions
from workers.reviews import review as review_reply

app = typer.Typer(no_args_is_help=True)
Lines = Annotated[
    Path | None,
    typer.Option("--file", exists=True, dir_okay=False, help="JSON lines; none: standard input."),
]
_COLUMNS = ("id", "author", "intent", "sub", "abstain", "return_date", "decision", "because", "reviewed_by")  # fmt: skip
_SUGGESTED = ("suggested", "suggested_because", "suggested_by")
_INTENT_FIELDS = {"intent", "intents", "confidence", "abstain", "referral", "sub", "defer_until"}


@dataclass(frozen=True, slots=True)
class Listed(Reply):
    """A reply, and what a language model suggests it to be; by which prompt version and model."""

    suggested: str | None = None
    suggested_because: str | None = None
    suggested_by: str | None = None


@app.command("classify")
def classify(file: Lines = None) -> None:
    """Say of each mail who wrote it and what it asks for; JSON lines in, JSON lines out, in order."""
    for name, mail in _mails(file):
        _print(name, verdict_on(mail).to_json())


@app.command("parse")
def parse(file: Lines = None) -> None:
    """Say of each mail who wrote it and which words are new; like classify, without the intent."""
    for name, mail in _mails(file):
        found = verdict_on(mail).to_json()
        _print(name, {key: value for key, value in found.items() if key not in _INTENT_FIELDS})


@app.command("list")
def list_replies(
    tenant: Tenant,
    review: Annotated[bool, typer.Option("--review", help="Only those that wait for you.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List what came in and what was decided, newest first; with --review, the oldest first."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            tenant_id = tenants.get_by_slug(tx, tenant).id
            read = replies.list_for_review if review else replies.list_recent
            found = read(tx, tenant_id, limit=limit)
            counts = [] if as_json or review else replies.count_by_intent(tx, tenant_id)
        rows = _with_suggestions(database, tenant_id, found)
    columns = (*_COLUMNS, *_SUGGESTED) if review else _COLUMNS
    show(
        rows, as_json=as_json, columns=columns, empty="Nothing waits." if review else "No replies."
    )
    for count in counts:
        out.print(f"{count.mails} {count.intent} by {count.author}", highlight=False)


@app.command("suggest")
def suggest(tenant: Tenant, limit: Limit = 50, as_json: Json = False) -> None:
    """Ask the model what the replies may be that wait without a suggestion; a worker does it."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            tenant_id = tenants.get_by_slug(tx, tenant).id
        asked = ask_for_suggestions(database, tenant_id, limit=limit)
    if as_json:
        print_json({"asked": asked})
        return
    out.print(f"{asked} replies are put to the model; `outrider replies list --review` shows what it says.")  # fmt: skip


@app.command("review")
def review(
    reply_id: UUID,
    tenant: Tenant,
    intent: Annotated[ReplyIntent, typer.Option("--intent", help="What the mail is.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Kept in the audit trail.")] = None,
    as_json: Json = False,
) -> None:
    """Say what a mail is; that takes the place of the rules' reading, and is acted on at once."""
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            found = tenants.get_by_slug(tx, tenant)
        reply = review_reply(database, found.id, reply_id, intent, operator=whoami(), reason=reason)
    show_one(reply, as_json=as_json)


def _with_suggestions(database: Database, tenant_id: UUID, found: Sequence[Reply]) -> list[Listed]:
    """A model's words are about a person's mail, so they are read with the tenant's rights."""
    with database.tenant(tenant_id) as tx:
        known = suggestions.list_of(tx, [reply.id for reply in found])
    return [_listed(reply, known.get(reply.id)) for reply in found]


def _listed(reply: Reply, found: Suggestion | None) -> Listed:
    told = {field.name: getattr(reply, field.name) for field in fields(reply)}
    if found is None:
        return Listed(**told)
    return Listed(
        **told,
        suggested=found.intent or f"none ({found.status})",
        suggested_because=found.why,
        suggested_by=f"{found.prompt}, {found.model}",
    )


def _mails(file: Path | None) -> Iterator[tuple[object, Inbound]]:
    if file is None:
        yield from _read(sys.stdin)
        return
    with file.open(encoding="utf-8") as lines:
        yield from _read(lines)


def _read(lines: TextIO) -> Iterator[tuple[object, Inbound]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                document = json.loads(line)
            except ValueError as error:
                raise Permanent(f"line {number}: not JSON: {error}.") from None
            if not isinstance(document, dict):
                raise Permanent(f"line {number}: must be a JSON object.")
            told = cast(dict[str, object], document)
            yield told.get("id"), _mail(number, told)


def _mail(number: int, told: dict[str, object]) -> Inbound:
    """A mail as one line tells it: whole, in its pieces, or as bare HTML."""
    if "raw_b64" in told:
        try:
            return inbound.parse(base64.b64decode(_text(number, told, "raw_b64"), validate=True))
        except (binascii.Error, ValueError):
            raise Permanent(f"line {number}: raw_b64 is not base64.") from None
    if "html" in told:
        return inbound.from_html(_text(number, told, "html"))
    if "body" not in told:
        raise Permanent(f"line {number}: needs raw_b64, html, or body (with subject and headers).")
    headers: object = told.get("headers") or {}
    if not isinstance(headers, dict):
        raise Permanent(f"line {number}: headers must be an object.")
    known = {str(name): str(value) for name, value in cast(dict[str, object], headers).items()}
    return inbound.from_fields(_text(number, told, "subject"), known, _text(number, told, "body"))


def _text(number: int, told: dict[str, object], field: str) -> str:
    value = told.get(field)
    if value is not None and not isinstance(value, str):
        raise Permanent(f"line {number}: {field} must be text.")
    return value or ""


def _print(name: object, record: dict[str, object]) -> None:
    print(json.dumps({"id": name, **record}, ensure_ascii=False))
