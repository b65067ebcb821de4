"""`outrider integrations`: what a tenant has connected, and whether it works. Shows no secret, ever."""

from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from db import Database, integrations, tenants
from db.integrations import Integration
from db.pool import DatabaseAway
from providers.registry import from_settings
from schemas.errors import JobError, Permanent, RateLimited, Transient
from schemas.integrations import ELSEWHERE, VENDORS
from scripts.options import Json, Reason, Tenant, secret_from
from scripts.output import out, print_json, show, show_one
from scripts.session import open_database, whoami
from telemetry.secrets import Keyring
from workers import connected, integration_setup
from workers.integration_setup import Wanted

app = typer.Typer(no_args_is_help=True)

Provider = Annotated[str, typer.Argument(help="One of `outrider integrations providers`.")]
Account = Annotated[
    str | None, typer.Option("--account", help="Which one, where a tenant has several; any name.")
]
SecretEnv = Annotated[
    str | None, typer.Option("--secret-env", help="Read the secret from this environment variable.")
]
SecretStdin = Annotated[
    bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")
]
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", help="HTTPS, or HTTP on this machine; none: the vendor's own."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="NAME=VALUE, what is no secret, e.g. model=gpt-4o-mini."),
]
Expires = Annotated[
    datetime | None, typer.Option("--expires-at", help="When the secret ends (UTC), if it does.")
]


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be connected: its secret, how it is checked, and the command."""

    provider: str
    category: str
    secret: str
    asked: str
    command: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found."""

    provider: str
    account: str
    works: bool
    status: str
    says: str


@app.command("providers")
def providers(as_json: Json = False) -> None:
    """List what can be connected, with which secret, and how it is checked."""
    offers = [
        Offer(one.name, one.category, one.kind, f"{one.base_url}: {one.asks}",
              f"outrider integrations connect {one.name}")
        for one in VENDORS.values()
    ] + [Offer(name, "", "", "", command) for name, command in ELSEWHERE.items()]  # fmt: skip
    show(offers, as_json=as_json, empty="Nothing.")


@app.command("connect")
def connect(
    provider: Provider,
    tenant: Tenant,
    secret_env: SecretEnv = None,
    secret_stdin: SecretStdin = False,
    account: Account = None,
    base_url: BaseUrl = None,
    metadata: Set = None,
    expires_at: Expires = None,
    as_json: Json = False,
) -> None:
    """Connect an account, or give it a new secret; asks the vendor first, and changes nothing when it refuses."""
    wanted = Wanted(provider, account or "", base_url, _pairs(metadata or ()),
                    expires_at.replace(tzinfo=UTC) if expires_at else None)  # fmt: skip
    secret = secret_from("secret", secret_env, from_stdin=secret_stdin)
    with open_database() as (database, settings):
        assert settings.secret_key
        keyring = Keyring.from_setting(settings.secret_key.get_secret_value())
        with closing(from_settings(settings)) as outside, _named(wanted):
            made = integration_setup.connect(
                database, keyring, outside.keys, _tenant(database, tenant), wanted,
                secret=secret, operator=whoami(),
            )  # fmt: skip
    if as_json:
        print_json({"id": made.id, "provider": provider, "new": made.new})
    else:
        again = "" if made.new else " again; what waited for it goes on"
        out.print(f"{provider} is connected{again}.")


@app.command("list")
def list_all(tenant: Tenant, as_json: Json = False) -> None:
    """List everything connected, mailboxes and the CRM too: whether it works, and why not."""
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        rows = integrations.list_connections(tx)
    columns = ("category", "provider", "account", "status", "status_reason", "last_checked_at")
    show(rows, as_json=as_json, columns=columns, empty="Nothing is connected yet.")


@app.command("show")
def show_integration(
    provider: Provider, tenant: Tenant, account: Account = None, as_json: Json = False
) -> None:
    """Show one integration: state, latest check, what is no secret."""
    with open_database() as (database, _):
        show_one(_integration(database, provider, tenant, account), as_json=as_json)


@app.command("check")
def check(
    provider: Provider, tenant: Tenant, account: Account = None, as_json: Json = False
) -> None:
    """Ask the vendor now with the secret we keep, and write down what it says."""
    with open_database() as (database, settings):
        found = _integration(database, provider, tenant, account)
        with closing(from_settings(settings)) as outside:
            error: JobError | None = connected.check(database, outside.keys, found.tenant_id, found)
        with database.tenant(found.tenant_id) as tx:
            now = integrations.find_by_id(tx, found.id) or found
    says = str(error) if error else "takes our secret"
    show_one(Checked(provider, found.external_account, error is None, now.status.value, says), as_json=as_json)  # fmt: skip
    if error:
        raise typer.Exit(1)


@app.command("disconnect")
def disconnect(provider: Provider, tenant: Tenant, reason: Reason, account: Account = None) -> None:
    """Use an account no more and destroy its secret; jobs that need it wait for another one."""
    with open_database() as (database, _):
        found = _integration(database, provider, tenant, account)
        integration_setup.disconnect(database, found, reason=reason, operator=whoami())
    out.print(f"{provider} is disconnected, and its secret is destroyed.")


@contextmanager
def _named(wanted: Wanted) -> Generator[None]:
    """What keeps us from asking the vendor is told with the option that could be wrong."""
    try:
        yield
    except (RateLimited, DatabaseAway):
        raise
    except Transient as error:
        where = wanted.base_url or VENDORS[wanted.provider].base_url
        raise Permanent(f"--base-url: {where} could not be reached, so nothing was changed: {error} "
                        "Try again, or name another address.") from error  # fmt: skip


def _pairs(given: Sequence[str]) -> dict[str, object]:
    pairs = dict[str, object]()
    for one in given:
        name, equals, value = one.partition("=")
        if not name or not equals:
            raise Permanent(f"--set: {one!r} is not NAME=VALUE.")
        pairs[name] = value
    return pairs


def _tenant(database: Database, slug: str) -> UUID:
    with database.hat("operator") as tx:
        return tenants.get_by_slug(tx, slug).id


def _integration(
    database: Database, provider: str, tenant: str, account: str | None
) -> Integration:
    with database.tenant(_tenant(database, tenant)) as tx:
        return integrations.get(tx, provider, account)
