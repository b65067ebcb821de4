"""`outrider mailboxes`: the identities that send and are read. Shows no password, ever."""

import contextlib
from collections.abc import Generator
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from db import Database, Tx, audit, mailboxes, tenants
from db.mailboxes import Mailbox, NewMailbox
from providers.mail_logins import refuse_in_the_clear
from providers.ports import MailServer
from schemas.enums import MailSecurity
from schemas.errors import Permanent
from schemas.settings import Settings
from scripts.mailbox_options import address, server, zone
from scripts.mailbox_options import password as secret
from scripts.mailbox_trials import Trial, try_out
from scripts.options import Json, Reason, Tenant
from scripts.output import out, print_json, show
from scripts.session import open_database, whoami
from telemetry.secrets import Keyring
from workers import mailbox_setup
from workers.mail_servers import imap_of, smtp_of

app = typer.Typer(no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="The mailbox's address.")]
Smtp = Annotated[str, typer.Option("--smtp", help="Submission server as HOST:PORT.")]
ImapOption = Annotated[
    str | None,
    typer.Option("--imap", help="IMAP server as HOST:PORT; none: replies come by webhook."),
]
Security = Annotated[
    MailSecurity, typer.Option(help="Of both servers; `none` is for servers on this machine.")
]
Username = Annotated[
    str | None,
    typer.Option("--username", help="Login name; none: the address, if there is a password."),
]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
FromEnv = Annotated[
    str | None,
    typer.Option("--password-env", help="Read the password from this environment variable."),
]
Cap = Annotated[int, typer.Option("--cap", min=0, help="Most mails a day.")]
Zone = Annotated[str, typer.Option("--timezone", help="IANA zone whose midnight ends the day.")]
SentFolder = Annotated[
    str | None,
    typer.Option("--sent-folder", help="Where the provider keeps copies of what was submitted."),
]
Name = Annotated[str | None, typer.Option("--name", help="The sender's name in mails.")]


@app.command("add")
def add(
    email: Email,
    tenant: Tenant,
    smtp: Smtp,
    imap: ImapOption = None,
    security: Security = MailSecurity.TLS,
    username: Username = None,
    password_stdin: FromStdin = False,
    password_env: FromEnv = None,
    cap: Cap = 30,
    timezone: Zone = "UTC",
    sent_folder: SentFolder = None,
    name: Name = None,
    as_json: Json = False,
) -> None:
    """Add a mailbox; `outrider mailboxes test` says whether its servers take it."""
    word = secret(from_stdin=password_stdin, variable=password_env)
    smtp_at, imap_at = server("--smtp", smtp), server("--imap", imap) if imap else (None, None)
    mine, zoned = address(email), zone(timezone)
    user = username or (mine if word is not None else None)
    for host in filter(None, (smtp_at[0], imap_at[0])):
        refuse_in_the_clear(MailServer(host, 0, security, user, None))
    with open_database() as (database, settings):
        tenant_id = _tenant(database, tenant)
        with database.tenant(tenant_id) as tx:
            mailbox_id = mailboxes.new_id(tx)
        new = NewMailbox(
            id=mailbox_id, email=mine, display_name=name, username=user, smtp_host=smtp_at[0],
            smtp_port=smtp_at[1], smtp_security=security, imap_host=imap_at[0],
            imap_port=imap_at[1], imap_security=security, inbox_folder="INBOX",
            sent_folder=sent_folder, daily_cap=cap, timezone=zoned,
        )  # fmt: skip
        _create(database, settings, tenant_id, new, word)
    if as_json:
        print_json(asdict(new))
    else:
        out.print(
            f"{mine} is a mailbox now; next: `outrider mailboxes test {mine} --tenant {tenant}`."
        )


def _create(
    database: Database, settings: Settings, tenant_id: UUID, new: NewMailbox, word: str | None
) -> None:
    mailbox_setup.create(
        database, _keyring(settings), tenant_id, new, password=word, operator=whoami()
    )


@app.command("password")
def password(
    email: Email, tenant: Tenant, password_stdin: FromStdin = False, password_env: FromEnv = None
) -> None:
    """Replace a mailbox's password; one that waits for it goes on when its servers take it."""
    word = secret(from_stdin=password_stdin, variable=password_env)
    if word is None:
        raise Permanent("--password-stdin: say where the password comes from, or --password-env.")
    with open_database() as (database, settings):
        with database.tenant(_tenant(database, tenant)) as tx:
            mailbox = mailboxes.get_by_email(tx, email)
        mailbox_setup.change_password(
            database, _keyring(settings), mailbox, word, operator=whoami()
        )
        if mailbox.reauth_at:
            _reconnect(database, settings, mailbox)
            return
    out.print(f"The password of {mailbox.email} is replaced; a paused mailbox waits for `resume`.")


def _reconnect(database: Database, settings: Settings, mailbox: Mailbox) -> None:
    trials = _trials(database, settings, mailbox)
    refused = [trial for trial in trials if not trial.works]
    for trial in refused:
        out.print(f"{trial.tried}: {trial.says}", highlight=False)
    if refused:
        out.print(f"The password of {mailbox.email} is replaced, and the mailbox still waits.")
        raise typer.Exit(1)
    with database.tenant(mailbox.tenant_id) as tx:
        mailboxes.resume(tx, mailbox.id)
        _audit(tx, "resume", mailbox, None)
    out.print(f"{mailbox.email} works again; the steps that wait for it go on by themselves.")


def _trials(database: Database, settings: Settings, mailbox: Mailbox) -> list[Trial]:
    with database.tenant(mailbox.tenant_id) as tx:
        smtp = smtp_of(tx, mailbox)
        imap = imap_of(tx, mailbox) if mailbox.imap_host else None
    return try_out(mailbox, smtp, imap, _keyring(settings))


@app.command("test")
def probe(email: Email, tenant: Tenant, as_json: Json = False) -> None:
    """Log in to both servers and open the folders; send nothing, change nothing."""
    with open_database() as (database, settings):
        with database.tenant(_tenant(database, tenant)) as tx:
            mailbox = mailboxes.get_by_email(tx, email)
        trials = _trials(database, settings, mailbox)
    show(trials, as_json=as_json, empty="Nothing to test.")
    if not all(trial.works for trial in trials):
        raise typer.Exit(1)


@app.command("list")
def list_all(tenant: Tenant, as_json: Json = False) -> None:
    """List a tenant's mailboxes: state and why, what they sent today, when they were last read."""
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        columns = ("email", "status", "paused_reason", "sent_today", "daily_cap", "read_at")
        show(
            mailboxes.list_states(tx),
            as_json=as_json,
            columns=columns,
            empty="No mailboxes yet: `outrider mailboxes add`.",
        )


@app.command("pause")
def pause(email: Email, tenant: Tenant, reason: Reason) -> None:
    """Send nothing from a mailbox; it is still read."""
    with _one(email, tenant) as (tx, mailbox):
        new = mailboxes.pause(tx, mailbox.id, reason)
        _audit(tx, "pause", mailbox, reason)
    out.print(f"{mailbox.email} is {'now' if new else 'already'} paused.")


@app.command("resume")
def resume(email: Email, tenant: Tenant) -> None:
    """Send again; the steps that wait for this mailbox go on by themselves."""
    with _one(email, tenant) as (tx, mailbox):
        new = mailboxes.resume(tx, mailbox.id)
        _audit(tx, "resume", mailbox, None)
    out.print(f"{mailbox.email} is {'now' if new else 'already'} active.")


@contextlib.contextmanager
def _one(email: str, tenant: str) -> Generator[tuple[Tx, Mailbox]]:
    with open_database() as (database, _), database.tenant(_tenant(database, tenant)) as tx:
        yield tx, mailboxes.get_by_email(tx, email)


def _audit(tx: Tx, action: str, mailbox: Mailbox, reason: str | None) -> None:
    audit.record(tx, operator=whoami(), action=f"mailbox.{action}", resource_type="mailbox",
                 resource_id=str(mailbox.id), reason=reason)  # fmt: skip


def _tenant(database: Database, slug: str) -> UUID:
    with database.hat("operator") as tx:
        return tenants.get_by_slug(tx, slug).id


def _keyring(settings: Settings) -> Keyring:
    assert settings.secret_key
    return Keyring.from_setting(settings.secret_key.get_secret_value())
