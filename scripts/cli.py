"""The command line `outrider`: a contract. Wrong input names the field and changes nothing."""

import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated

import typer

from db.logins import LoginRefused
from db.migrate import MigrationRefused
from db.pool import DatabaseAway
from schemas.errors import JobError
from schemas.settings import SettingsMissing
from scripts import (
    ai,
    campaigns,
    credentials,
    credits,
    crm,
    cron,
    dead,
    doctor,
    exports,
    health,
    imports,
    integrations,
    jobs,
    keys,
    lanes,
    leads,
    mailboxes,
    pauses,
    people,
    pipelines,
    plans,
    prompts,
    replies,
    retention,
    run,
    support,
    suppressions,
    tenants,
    top,
    trace,
    usage,
    users,
)
from scripts.bench.commands import app as bench
from scripts.demo import command as demo
from scripts.output import err
from scripts.services import ServerFailed
from telemetry.secrets import BadKey
from workers.actor import UnknownActor
from workers.faults import UnknownFault
from workers.process import NotMigrated
from workers.recycling import MemoryTooSmall

app = typer.Typer(
    help="Event-driven worker fleet for B2B sales outreach.",
    no_args_is_help=True,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if version:
        print(metadata.version("outrider"))
        raise typer.Exit


app.command("up")(run.up)
app.command("demo")(demo.demo)
app.command("migrate")(run.migrate)
app.command("worker")(run.worker)
app.command("ingress")(run.ingress)
app.command("doctor")(doctor.doctor)
app.command("health")(health.health)
app.command("top")(top.top)
app.command("trace")(trace.trace)
app.command("pause")(pauses.pause)
app.command("resume")(pauses.resume)
app.command("usage")(usage.usage)
app.add_typer(tenants.app, name="tenants", help="Organisations that share the fleet.")
app.add_typer(plans.app, name="plans", help="What a tenant may use, by offer.")
app.add_typer(credits.app, name="credits", help="What look-ups and models are paid with.")
app.add_typer(users.app, name="users", help="People and their roles.")
app.add_typer(support.app, name="support", help="Reading a tenant for a while, on the record.")
app.add_typer(suppressions.app, name="suppress", help="Who must never be written to.")
app.add_typer(campaigns.app, name="campaign", help="Sequences aimed at leads.")
app.add_typer(keys.app, name="keys", help="Signing keys of webhook sources.")
app.add_typer(credentials.app, name="secrets", help="What is kept sealed, and its master keys.")
app.add_typer(mailboxes.app, name="mailboxes", help="Identities that send and are read.")
app.add_typer(
    replies.app,
    name="replies",
    help="What came in, what it was understood to be, and your word on it.",
)
app.add_typer(pipelines.app, name="pipelines", help="What follows what.")
app.add_typer(leads.app, name="leads", help="What is known about a person, and why.")
app.add_typer(retention.app, name="retention", help="How long what is kept.")
app.add_typer(
    people.app, name="person", help="Forget somebody, or tell them everything that is known."
)
app.add_typer(imports.app, name="import", help="People from files.")
app.command("export")(exports.export)
app.add_typer(crm.app, name="crm", help="The customer's CRM: connection, fields, what it was told.")
app.add_typer(prompts.app, name="prompts", help="What a language model is asked.")
app.add_typer(ai.app, name="ai", help="Language models: what they were asked, and what it cost.")
app.add_typer(
    integrations.app,
    name="integrations",
    help="Accounts that a tenant connected, and their states.",
)
app.add_typer(jobs.app, name="jobs", help="Unfinished work.")
app.add_typer(lanes.app, name="lanes", help="Turns, limits and circuits of waiting work.")
app.add_typer(dead.app, name="dead", help="Work that gave up.")
app.add_typer(cron.app, name="cron", help="Work by the clock.")
app.add_typer(bench, name="bench", help="Measurements, as ratios from one run.")

FORESEEN = (
    SettingsMissing, ServerFailed, MigrationRefused, LoginRefused, NotMigrated, UnknownActor,
    UnknownFault, BadKey, JobError, MemoryTooSmall,
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; a foreseen failure is one clear message on stderr and exit code 1.

    `arguments` replace those of the process. Always ends in SystemExit.
    """
    try:
        app(arguments)
    except DatabaseAway as error:
        _fail(f"OUTRIDER_DATABASE_URL: {error}")
    except FORESEEN as error:
        _fail(str(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _fail(text: str) -> None:
    err.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
