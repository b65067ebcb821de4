"""`outrider keys`: addresses that take webhooks, and the secrets that sign them."""

from typing import Annotated

import typer

from db import tenants, webhooks
from db.webhooks import Takes
from ingress.keys import create as create_key
from ingress.keys import revoke as revoke_key
from scripts.options import Json, Reason, Tenant
from scripts.output import out, print_json, show
from scripts.session import open_database, whoami
from telemetry.secrets import Keyring

app = typer.Typer(no_args_is_help=True)


@app.command("create")
def create(
    source: str,
    tenant: Tenant,
    takes: Annotated[Takes, typer.Option("--for", help="What the source posts.")] = "leads",
    mailbox: Annotated[
        str | None, typer.Option("--mailbox", help="Whose mails, when it is always the same.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Open an address for a source and print its signing secret, this once."""
    if mailbox and takes != "mails":
        raise typer.BadParameter("--mailbox goes with --for mails")
    with open_database() as (database, settings):
        assert settings.secret_key
        keyring = Keyring.from_setting(settings.secret_key.get_secret_value())
        key = create_key(database, keyring, tenant_slug=tenant, source=source,
                         takes=takes, mailbox=mailbox, operator=whoami())  # fmt: skip
        port = settings.ingress_port
    if as_json:
        print_json({"source": key.source, "path": key.path, "secret": key.secret})
        return
    out.print(
        f"Address: http://{settings.ingress_host}:{port}{key.path}",
        highlight=False,
    )
    out.print(f"Secret:  {key.secret}", highlight=False)
    out.print("The secret is stored sealed; nobody can show it again.")


@app.command("list")
def list_sources(tenant: Tenant, as_json: Json = False) -> None:
    """List the webhook sources of a tenant, without their secrets."""
    with open_database() as (database, _), database.hat("operator") as tx:
        found = tenants.get_by_slug(tx, tenant)
        show(webhooks.list_sources(tx, found.id), as_json=as_json, empty="No sources yet.")


@app.command("revoke")
def revoke(source: str, tenant: Tenant, reason: Reason) -> None:
    """Close a source's address at once and for good; what it posted before stays."""
    with open_database() as (database, _):
        new = revoke_key(
            database, tenant_slug=tenant, source=source, reason=reason, operator=whoami()
        )
    out.print(
        f"{source} is {'now' if new else 'already'} revoked: its address answers as an unknown one."
    )
