"""`outrider suppress`: who must never be contacted, by an operator's word."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from db import Database, Tx, clock, suppressions, tenants
from db.suppressions import Bar
from schemas.enums import Channel, SuppressionKind, SuppressionReason
from schemas.errors import NoSuchRow, Permanent
from schemas.suppressions import Listed, read, read_new
from scripts import suppressing
from scripts.moments import read_moment
from scripts.options import AnyTenant, Json, Limit, Reason
from scripts.output import err, out, print_json, show
from scripts.session import open_database
from scripts.suppressing import Order

R = TypeVar("R")

app = typer.Typer(no_args_is_help=True)
Value = Annotated[
    str,
    typer.Argument(
        help="An e-mail address, a domain (or *@domain), a LinkedIn profile, or +phone number."
    ),
]
Kind = Annotated[
    SuppressionKind | None,
    typer.Option(help="What the value is, where that cannot be seen: a company's name."),
]
Everywhere = Annotated[
    bool, typer.Option("--everywhere", help="The house's own list, which holds for every tenant.")
]
Because = Annotated[SuppressionReason, typer.Option(help="Which kind of reason it is.")]
OnChannel = Annotated[
    Channel | None, typer.Option(help="Only on this channel; every one, if left out.")
]
Until = Annotated[
    str | None,
    typer.Option(help="When it ends: 2027-01-31, or in 30d; never, if left out."),
]


@app.command("add")
def add(
    value: Value,
    reason: Reason,
    tenant: AnyTenant = None,
    everywhere: Everywhere = False,
    because: Because = SuppressionReason.MANUAL,
    kind: Kind = None,
    channel: OnChannel = None,
    until: Until = None,
) -> None:
    """Never contact whom this means again, and end whatever is under way to them."""
    listed = _read(value, kind, read_new)
    with open_database() as (database, _):
        whose = _whose(database, tenant, everywhere=everywhere)
        end = _within(database, whose, lambda tx: _until(tx, until))
        order = Order([listed], because, reason, channel, end)
        done = (
            suppressing.suppress_everywhere(database, order) if whose is None
            else _within(database, whose, lambda tx: suppressing.suppress(tx, order))
        )  # fmt: skip
    word = "now" if done.new else "already"
    out.print(f"{listed[1]} is {word} suppressed; {done.stopped} sequences stopped.",
              highlight=False, markup=False)  # fmt: skip


@app.command("release")
def release(
    value: Value,
    reason: Reason,
    tenant: AnyTenant = None,
    everywhere: Everywhere = False,
    kind: Kind = None,
) -> None:
    """Take a value off the list; what was stopped stays stopped, and leads may be taken anew."""
    listed = _read(value, kind)
    with open_database() as (database, _):
        whose = _whose(database, tenant, everywhere=everywhere)
        back = (
            suppressing.release_everywhere(database, listed, reason) if whose is None
            else _within(database, whose, lambda tx: suppressing.release(tx, listed, reason))
        )  # fmt: skip
        if back is None:
            raise NoSuchRow("suppression of", listed[1])
    out.print(f"{listed[1]} is suppressed no more; {len(back)} leads are back.",
              highlight=False, markup=False)  # fmt: skip


@app.command("list")
def list_entries(
    tenant: AnyTenant = None,
    everywhere: Everywhere = False,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """List the entries that hold now, newest first; the house's list shows no values."""
    with open_database() as (database, _):
        whose = _whose(database, tenant, everywhere=everywhere)
        if whose is None:
            with database.hat("operator") as tx:
                found = suppressions.list_house(tx, limit=limit)
        else:
            found = _within(database, whose, lambda tx: suppressions.list_live(tx, limit=limit))
    show(found, as_json=as_json, empty="Nobody is suppressed.",
         columns=("kind", "value", "reason", "channel", "source", "created_at", "expires_at"))  # fmt: skip


@app.command("check")
def check(
    value: Value,
    tenant: Annotated[str, typer.Option("--tenant", help="The tenant's slug.")],
    kind: Kind = None,
    channel: Annotated[Channel, typer.Option(help="By which way.")] = Channel.EMAIL,
    as_json: Json = False,
) -> None:
    """Say what forbids to contact somebody now: the tenant's list, or the house's."""
    listed = _read(value, kind)
    with open_database() as (database, _):
        whose = _whose(database, tenant, everywhere=False)
        bars = _within(database, whose, lambda tx: _bars(tx, listed, channel))
    show(bars, as_json=as_json, empty="Nothing: they may be contacted.")


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="One value per line.")],
    reason: Reason,
    tenant: AnyTenant = None,
    everywhere: Everywhere = False,
    because: Because = SuppressionReason.IMPORT,
    kind: Kind = None,
    channel: OnChannel = None,
    until: Until = None,
    as_json: Json = False,
) -> None:
    """Put every right line of a file on the list, at once; name the wrong ones and exit with 1."""
    right, wrong = _lines(file, kind)
    with open_database() as (database, _):
        whose = _whose(database, tenant, everywhere=everywhere)
        end = _within(database, whose, lambda tx: _until(tx, until))
        order = Order(right, because, reason, channel, end)
        done = suppressing.Outcome(0, 0)
        if right and whose is None:
            done = suppressing.suppress_everywhere(database, order)
        elif right:
            done = _within(database, whose, lambda tx: suppressing.suppress(tx, order))
    if as_json:
        print_json({"lines": len(right) + len(wrong), "new": done.new, "stopped": done.stopped,
                    "wrong": [{"line": line, "problem": problem} for line, problem in wrong]})  # fmt: skip
    else:
        out.print(f"{len(right)} lines: {done.new} new; {done.stopped} sequences stopped; "
                  f"{len(wrong)} lines are wrong.", highlight=False)  # fmt: skip
        for line, problem in wrong:
            err.print(f"line {line}: {problem}", markup=False, highlight=False)
    if wrong:
        raise typer.Exit(1)


def _lines(file: Path, kind: SuppressionKind | None) -> tuple[list[Listed], list[tuple[int, str]]]:
    """What the lines mean, and the numbers of those that mean nothing, with the reason."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Permanent(f"file: {file} is not UTF-8; save it as that.") from None
    right: list[Listed] = []
    wrong: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        value = line.strip().strip(",;").strip('"')
        if not value or value.startswith("#"):
            continue
        try:
            right.append(read_new(value, kind))
        except ValueError as error:
            wrong.append((number, f"{value!r} {str(error).rstrip('.')}."))
    return right, wrong


def _read(
    value: str, kind: SuppressionKind | None,
    reads: Callable[[str, SuppressionKind | None], Listed] = read,
) -> Listed:  # fmt: skip
    try:
        return reads(value, kind)
    except ValueError as error:
        raise Permanent(f"value: {value!r} {str(error).rstrip('.')}.") from None


def _bars(tx: Tx, listed: Listed, channel: Channel) -> list[Bar]:
    kind, value = listed
    known = {
        SuppressionKind.EMAIL: {"email": value},
        SuppressionKind.DOMAIN: {"email": f"anybody@{value}"},
        SuppressionKind.PHONE: {"phone": value},
        SuppressionKind.LINKEDIN: {"linkedin": value},
        SuppressionKind.COMPANY: {"company": value},
    }[kind]
    return suppressions.list_bars(tx, **known, channel=channel)


def _until(tx: Tx, text: str | None) -> datetime | None:
    if text is None:
        return None
    now, end = clock.read(tx), read_moment(text, "--until")
    moment = now + end if isinstance(end, timedelta) else end
    if moment <= now:
        raise Permanent(f"--until: {text!r} is over; name a moment to come, or 30d.")
    return moment


def _whose(database: Database, slug: str | None, *, everywhere: bool) -> UUID | None:
    """The tenant whose list it is; None: the house's, which nobody gets by leaving something out."""
    if everywhere == (slug is not None):
        raise Permanent("--tenant: name a tenant, or say --everywhere for the house's own list.")
    if slug is None:
        return None
    with database.hat("operator") as tx:
        return tenants.get_by_slug(tx, slug).id


def _within(database: Database, whose: UUID | None, act: Callable[[Tx], R]) -> R:
    with database.tenant(whose) as tx:
        return act(tx)
