"""`outrider secrets`: which master key wraps what, and its rotation. Shows no secret, ever."""

from typing import Annotated

import typer

from db import credentials, tenants
from scripts.options import AnyTenant, Json
from scripts.output import out, print_json, show
from scripts.session import open_database, whoami
from telemetry.secrets import SETTING, Keyring
from workers.credentials import Rotation
from workers.credentials import rotate as rotate_all

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_all(tenant: AnyTenant = None, as_json: Json = False) -> None:
    """List what is kept sealed: whose it is, which key wraps it, how many days old it is."""
    with open_database() as (database, _), database.hat("operator") as tx:
        tenant_id = tenants.get_by_slug(tx, tenant).id if tenant else None
        rows = credentials.list_all(tx, tenant_id)
    columns = (
        "tenant",
        "owner_type",
        "owner_id",
        "kind",
        "key_id",
        "version",
        "days",
        "expires_at",
    )
    show(rows, as_json=as_json, columns=columns, empty="No secrets are kept.")


@app.command("rotate")
def rotate(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Try every key, write nothing, and say what would be.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Wrap every secret anew under the first key of OUTRIDER_SECRET_KEY; `new,old` is its form.

    Give the new list to every process first. What is killed half-way goes on when it is run again.
    """
    with open_database() as (database, settings):
        assert settings.secret_key
        keyring = Keyring.from_setting(settings.secret_key.get_secret_value())
        found = rotate_all(database, keyring, operator=whoami(), dry_run=dry_run)
    if as_json:
        print_json(
            {
                "key_id": found.first, "dry_run": found.dry_run, "wrapped": found.wrapped,
                "kept": found.kept, "broken": found.broken, "under": found.under,
            }
        )  # fmt: skip
    else:
        _say(found, keyring)
    if found.broken or found.kept:
        raise typer.Exit(1)


def _say(found: Rotation, keyring: Keyring) -> None:
    done = "would be" if found.dry_run else "are"
    out.print(f"{found.wrapped} secrets {done} wrapped anew under key {found.first}.")
    for key, number in found.under.items():
        out.print(f"Under key {key}: {number}.", highlight=False)
    for broken in found.broken:
        out.print(f"Not opened by its key, so left as it is: {broken}. Give that secret anew.")
    if found.kept:
        out.print(
            f"{found.kept} were written meanwhile under another key: is {SETTING} the same everywhere?"
        )
    if not found.dry_run and found.is_whole and len(keyring.ids) > 1:
        out.print(f"The other keys can leave {SETTING}.")
