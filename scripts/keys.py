"""`outrider keys`: addresses that take webhooks, and the secrets that sign them."""

import typer

from db import tenants, webhooks
from ingress.keys import create as create_key
from scripts.options import Json, Tenant
from scripts.output import out, print_json, show
from scripts.session import open_database, whoami
from telemetry.secrets import Keyring

app = typer.Typer(no_args_is_help=True)


@app.command("create")
def create(source: str, tenant: Tenant, as_json: Json = False) -> None:
    """Open an address for a source and print its signing secret, this once."""
    with open_database() as (database, settings):
        assert settings.secret_key
        keyring = Keyring.from_setting(settings.secret_key.get_secret_value())
        key = create_key(database, keyring, tenant_slug=tenant, source=source, operator=whoami())
        port = settings.ingress_port
    if as_json:
        print_json(
            {"source": key.source, "path": f"/webhooks/leads/{key.source}", "secret": key.secret}
        )
        return
    out.print(
        f"Address: http://{settings.ingress_host}:{port}/webhooks/leads/{key.source}",
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
