"""The customer of the play: a tenant with a signing key, mailboxes, and a campaign that is open.

Made through the same functions as the commands use. Refuses to share an address with another play.
"""

import secrets
from contextlib import closing
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from uuid import UUID, uuid4

from db import Database, Tx, campaigns, mailboxes, sequences, tenants
from db.campaigns import NewCampaign
from db.mailboxes import NewMailbox
from db.sequences import SequenceStep
from ingress.keys import NewKey, create
from pipelines.engine import emit
from providers.registry import from_settings
from providers.standins.mail_store import Account, Spec
from schemas.enums import MailSecurity
from schemas.events import CampaignOpened
from schemas.sequences import read
from schemas.settings import Settings
from telemetry.secrets import Keyring
from workers import crm_setup
from workers.mailbox_setup import create as create_mailbox

_SEQUENCE = Path(__file__).parent.parent / "data" / "sequence.toml"
_HOST = "127.0.0.1"
_NOON = time(13)
_PEOPLE = (
    "Ada Winter", "Ben Okafor", "Clara Holm", "David Lindqvist", "Elif Aydin", "Finn Keller",
    "Grace Abara", "Hugo Martel", "Ines Prado", "Jonas Weber", "Karla Novak", "Luca Ferri",
    "Mona Saleh", "Nils Berg", "Olga Petrova", "Pablo Reyes", "Quinn Avery", "Rosa Lombardi",
    "Sam Whitfield", "Tessa de Vries",
)  # fmt: skip
_LEADS_PER_MAILBOX = 50
_ROOM = 1.2
"""Mails that a day has room for, per lead: the caps are there, and rarely in the way."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Who plays the customer, and how leads get in."""

    tenant_id: UUID
    slug: str
    key: NewKey
    accounts: tuple[Account, ...]
    daily_cap: int


def customer(database: Database, keyring: Keyring, leads: int) -> Customer:
    """Make the tenant and its key; the mailboxes' accounts are chosen, and not yet known to us."""
    slug = f"demo-{uuid4().hex[:8]}"
    with database.hat("operator") as tx:
        tenant = tenants.add(tx, name="Demo", slug=slug, timezone="Europe/Berlin")
    key = create(database, keyring, tenant_slug=slug, source=slug, operator="demo")
    number = min(len(_PEOPLE), max(2, -(-leads // _LEADS_PER_MAILBOX)))
    accounts = tuple(
        Account(
            email=f"{name.lower().replace(' ', '.')}@{slug}.example",
            password=secrets.token_hex(12),
            sent_copies=place % 2 == 0,
        )
        for place, name in enumerate(_PEOPLE[:number])
    )
    return Customer(tenant.id, slug, key, accounts, max(3, int(leads * _ROOM / number)))


def mail_spec(who: Customer, unknown: list[str]) -> Spec:
    """What the mail server has to know: our accounts, and the people who are not there."""
    return Spec(accounts=who.accounts, unknown=tuple(address.lower() for address in unknown))


def move_in(database: Database, keyring: Keyring, who: Customer, ports: dict[str, int]) -> None:
    """Add every mailbox, and open a campaign that sends from all of them."""
    ids: list[UUID] = []
    for name, account in zip(_PEOPLE, who.accounts, strict=False):
        with database.tenant(who.tenant_id) as tx:
            new = _mailbox(mailboxes.new_id(tx), name, account, ports, who.daily_cap)
        create_mailbox(
            database, keyring, who.tenant_id, new, password=account.password, operator="demo"
        )
        ids.append(new.id)
    with database.tenant(who.tenant_id) as tx:
        campaign_id = _campaign(tx, ids)
        campaigns.activate(tx, campaign_id)
        emit(tx, CampaignOpened(campaign_id=campaign_id), key=str(campaign_id))


def connect_crm(
    settings: Settings, database: Database, who: Customer, token: str, ports: dict[str, int]
) -> None:
    """Connect the tenant's CRM, as `outrider crm connect` does it."""
    with closing(from_settings(settings)) as providers:
        crm_setup.connect(
            database,
            keyring_of(settings),
            providers.crm,
            who.tenant_id,
            base_url=f"http://{_HOST}:{ports['http']}",
            token=token,
            operator="demo",
        )


def keyring_of(settings: Settings) -> Keyring:
    """The keys that seal the play's secrets."""
    assert settings.secret_key
    return Keyring.from_setting(settings.secret_key.get_secret_value())


def _mailbox(
    mailbox_id: UUID, name: str, account: Account, ports: dict[str, int], cap: int
) -> NewMailbox:
    return NewMailbox(
        id=mailbox_id,
        email=account.email,
        display_name=name,
        smtp_host=_HOST,
        smtp_port=ports["smtp"],
        smtp_security=MailSecurity.NONE,
        imap_host=_HOST,
        imap_port=ports["imap"],
        imap_security=MailSecurity.NONE,
        username=account.email,
        inbox_folder="INBOX",
        sent_folder="Sent" if account.sent_copies else None,
        daily_cap=cap,
        timezone="Europe/Berlin",
    )


def _campaign(tx: Tx, mailbox_ids: list[UUID]) -> UUID:
    told = read(_SEQUENCE.read_text(encoding="utf-8"))
    steps = [
        SequenceStep(number, step.delay_days, step.subject, step.body)
        for number, step in enumerate(told.steps, start=1)
    ]
    sequence_id = sequences.add(tx, "Demo", steps)
    # Mornings only: the days of the play have fewer hours in which something happens.
    window = told.window.window().model_copy(update={"end": _NOON})
    new = NewCampaign("Demo", sequence_id, told.min_score, told.daily_new_leads, window)
    made = campaigns.add(tx, new)
    assert made
    campaigns.add_mailboxes(tx, made.id, mailbox_ids)
    return made.id
