"""`outrider crm`: connect the customer's CRM, map fields, push, and see what it was told."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

import typer

from db import Database, crm_connections, crm_log, crm_mappings, crm_outbox, tenants
from db.crm_connections import Connection
from providers.registry import from_settings
from schemas.crm_fields import FieldMapping
from schemas.crm_fields import check as check_mapping
from schemas.enums import CrmOverwrite
from schemas.errors import NoSuchRow
from scripts.options import Json, Limit, Tenant, secret_from
from scripts.output import out, print_json, show, show_one
from scripts.session import open_database, whoami
from telemetry.secrets import Keyring
from workers import crm_setup
from workers.crm_setup import PROVIDER

app = typer.Typer(no_args_is_help=True)
maps = typer.Typer(no_args_is_help=True)
app.add_typer(maps, name="map", help="Which field is which, and who wins.")

Outcome = Literal["created", "updated", "unchanged", "failed"]
BaseUrl = Annotated[str, typer.Option("--base-url", help="HTTPS, or HTTP on this machine.")]
TokenEnv = Annotated[
    str | None, typer.Option("--token-env", help="Read the token from this environment variable.")
]
TokenStdin = Annotated[
    bool, typer.Option("--token-stdin", help="Read the token from standard input.")
]
Remote = Annotated[str, typer.Argument(help="The CRM's name of the field.")]


@dataclass(frozen=True, slots=True)
class Status:
    """A connection as an operator sees it; `waiting`: leads that it has yet to hear of."""

    provider: str
    status: str
    reason: str | None
    base_url: str
    waiting: int


@app.command("connect")
def connect(
    provider: Annotated[Literal["hubspot"], typer.Argument(help="The CRM.")],
    tenant: Tenant,
    base_url: BaseUrl = "https://api.hubapi.com",
    token_env: TokenEnv = None,
    token_stdin: TokenStdin = False,
    as_json: Json = False,
) -> None:
    """Connect a CRM, or give it a new token; asks it first, and changes nothing when it refuses."""
    token = secret_from("token", token_env, from_stdin=token_stdin)
    with open_database() as (database, settings):
        assert settings.secret_key
        keyring = Keyring.from_setting(settings.secret_key.get_secret_value())
        tenant_id = _tenant(database, tenant)
        with closing(from_settings(settings)) as providers:
            made = crm_setup.connect(
                database, keyring, providers.crm, tenant_id,
                base_url=base_url, token=token, operator=whoami(),
            )  # fmt: skip
    if as_json:
        print_json({"id": made.id, "provider": provider, "new": made.new, "missing": made.missing})
        return
    out.print(f"{provider} is connected{'' if made.new else ' again'}.")
    _say_missing(made.missing, mapped=not made.new)
    if made.new:
        out.print("It hears of leads as they change; `outrider crm push --all` tells it of all.")


@app.command("test")
def probe(tenant: Tenant, as_json: Json = False) -> None:
    """Ask the CRM with the token we keep, and look whether it has every mapped field."""
    with open_database() as (database, settings):
        connection = _connection(database, tenant)
        with closing(from_settings(settings)) as providers:
            missing = crm_setup.check(database, providers.crm, connection)
    if as_json:
        print_json({"provider": PROVIDER, "works": not missing, "missing": missing})
    else:
        out.print(f"{PROVIDER} takes our token.")
        _say_missing(missing, mapped=True)
    if missing:
        raise typer.Exit(1)


@app.command("status")
def status(tenant: Tenant, as_json: Json = False) -> None:
    """Show whether the connection works, why not, and how many leads wait for it."""
    with open_database() as (database, _):
        found = _connection(database, tenant)
        with database.tenant(found.tenant_id) as tx:
            waiting = crm_outbox.count(tx, found.id)
    row = Status(found.provider, found.status, found.status_reason, found.base_url, waiting)
    show_one(row, as_json=as_json)


@app.command("push")
def push(
    tenant: Tenant,
    everything: Annotated[
        bool, typer.Option("--all", help="Every lead that it knows or should know, changed or not.")
    ] = False,
) -> None:
    """Tell the CRM what waits, now and not at the next change."""
    with open_database() as (database, _):
        found = _connection(database, tenant)
        with database.tenant(found.tenant_id) as tx:
            waiting = crm_setup.push(tx, found, everything=everything)
    out.print(f"{waiting} leads wait to be told; a worker begins within the minute.")


@app.command("log")
def log(
    tenant: Tenant,
    limit: Limit = 50,
    outcome: Annotated[Outcome | None, typer.Option(help="Only these.")] = None,
    as_json: Json = False,
) -> None:
    """Show what the CRM was told and what it made of it, newest first; names of fields, no values."""
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        lines = crm_log.list_recent(tx, outcome=outcome, limit=limit)
    columns = ("occurred_at", "lead_id", "outcome", "remote_id", "error_code", "error")
    show(lines, as_json=as_json, columns=columns, empty="The CRM was told nothing yet.")


@maps.command("list")
def list_mappings(tenant: Tenant, as_json: Json = False) -> None:
    """Show the field mappings."""
    with open_database() as (database, _):
        found = _connection(database, tenant)
        with database.tenant(found.tenant_id) as tx:
            rows = crm_mappings.list_of(tx, found.id)
    if as_json:
        print_json([row.to_json() for row in rows])
        return
    for row in rows:
        clears = ", clears" if row.clear_blank else ""
        out.print(f"{row}  ({row.transform}, {row.overwrite}{clears})", highlight=False)


@maps.command("set")
def set_mapping(
    local: Annotated[str, typer.Argument(help="Our field, e.g. title.")],
    remote: Remote,
    tenant: Tenant,
    transform: Annotated[str, typer.Option(help="as_is, lower, upper, trim, bool, …")] = "as_is",
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Never change what the CRM has there.")
    ] = False,
    clear_blank: Annotated[
        bool, typer.Option("--clear-blank", help="Empty theirs when ours is empty.")
    ] = False,
) -> None:
    """Write a field of the CRM from one of ours, in the place of what wrote it before."""
    overwrite = CrmOverwrite.IF_EMPTY if if_empty else CrmOverwrite.ALWAYS
    mapping = FieldMapping(
        local_field=local, remote_field=remote, transform=transform, overwrite=overwrite,
        clear_blank=clear_blank,
    )  # fmt: skip
    check_mapping(mapping)
    with open_database() as (database, _):
        found = _connection(database, tenant)
        with database.tenant(found.tenant_id) as tx:
            crm_mappings.put(tx, found.id, mapping)
    out.print(f"{mapping} from now on; `outrider crm push --all` tells the CRM of all leads anew.")


@maps.command("remove")
def remove_mapping(remote: Remote, tenant: Tenant) -> None:
    """Write a field of the CRM no more; what stands there stays."""
    with open_database() as (database, _):
        found = _connection(database, tenant)
        with database.tenant(found.tenant_id) as tx:
            if not crm_mappings.remove(tx, found.id, remote):
                raise NoSuchRow("mapping to", remote)
    out.print(f"{remote} is written no more.")


def _say_missing(missing: Sequence[str], *, mapped: bool) -> None:
    for field in missing:
        fate = "every push will be refused" if mapped else "so it is not mapped"
        out.print(
            f"It has no field {field} that we may write, {fate}: make it there, "
            f"or see `outrider crm map`.",
            highlight=False,
        )


def _tenant(database: Database, slug: str) -> UUID:
    with database.hat("operator") as tx:
        return tenants.get_by_slug(tx, slug).id


def _connection(database: Database, slug: str) -> Connection:
    with database.tenant(_tenant(database, slug)) as tx:
        return crm_connections.get_by_provider(tx, PROVIDER)
