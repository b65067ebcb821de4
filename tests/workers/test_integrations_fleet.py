"""Row 30 on a fleet: real protocols to stand-ins, and threads that do whatever is due."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from db import leads, mailboxes
from providers.fake import world
from providers.http import connect
from providers.hubspot import HubSpot
from providers.integrations import KeyChecks
from providers.ports import Providers
from providers.smtp import Smtp
from providers.standins.mail_store import Account
from schemas.enums import LeadStatus
from schemas.jobs import CollectContacts, SendStep, UpsertContacts
from tests.factories import enqueue
from tests.fix_crm import KEYRING, TOKEN, Portal
from tests.fix_mail import Post, mailbox_on
from tests.fix_outreach import MONDAY, THREE, Outreach
from tests.fix_vendors import LOOK_UP, LookUp, Vendors, joined, states
from tests.fix_world import Fleet, until
from workers import crm_setup, mailbox_setup
from workers.actor import registered

SIX = ("gmail", "outlook", "linkedin", "phantombuster", "zoominfo", "apollo")
A, B = (Account(email=f"{name}@us.test", password=f"word of {name}") for name in "ab")
NEW = Account(email=A.email, password="another word of a")
EVENING = MONDAY.replace(hour=16, minute=59)
"""The last minute of the window: all of the day are due."""
KNOWN = "known@example.test"


@dataclass(slots=True)
class Connections:
    """A tenant with two mailboxes, a CRM and six vendors, and the other sides of them."""

    outreach: Outreach
    providers: Providers
    post: Post
    portal: Portal
    vendors: Vendors

    def connect(self) -> UUID:
        """All of them; returns mailbox A, which has three of the six mails to send."""
        boxes = [self._mailbox(account) for account in (A, B)]
        self.crm(TOKEN)
        for name in SIX:
            assert self.vendor(name).new
        self.outreach.campaign(*boxes, texts=THREE[:1])
        for number in range(6):
            self.outreach.lead(f"p{number}@example.test")
        self.outreach.fill()
        return boxes[0]

    def revoke(self) -> None:
        """One mailbox's password, the CRM's token, one vendor's key."""
        self.post.running.do(lambda store: store.accounts.update({A.email: NEW}))
        self.portal.api.token, self.vendors.secrets["apollo"] = "pat-eu1-other", "apollo-key-2"

    def work(self) -> None:
        """Something to do for each that is not a mail."""
        outreach = self.outreach
        looks = [LookUp(provider=p, number=n) for p in ("apollo", "linkedin") for n in range(3)]
        lead_id = outreach.lead(KNOWN)
        with outreach.database.tenant(outreach.tenant) as tx:
            leads.move(tx, leads.get_locked(tx, lead_id), LeadStatus.LOST, cause="test")
        enqueue(outreach.database, outreach.tenant, *looks, CollectContacts())

    def reconnect(self, mailbox_id: UUID) -> None:
        """Each with what is valid now."""
        assert not self.vendor("apollo").new
        self.crm("pat-eu1-other")
        database, tenant = self.outreach.database, self.outreach.tenant
        with database.tenant(tenant) as tx:
            mailbox = mailboxes.get(tx, mailbox_id)
        mailbox_setup.change_password(database, KEYRING, mailbox, NEW.password, operator="ada")
        with database.tenant(tenant) as tx:
            assert mailboxes.resume(tx, mailbox_id)
        enqueue(database, tenant, CollectContacts())

    def vendor(self, name: str) -> Any:
        outreach, secret = self.outreach, self.vendors.secrets[name]
        return joined(outreach.database, self.providers.keys, outreach.tenant, name,
                      self.vendors.base(name), secret)  # fmt: skip

    def crm(self, token: str) -> None:
        crm_setup.connect(self.outreach.database, KEYRING, self.providers.crm, self.outreach.tenant,
                          base_url=self.portal.base_url, token=token, operator="ada")  # fmt: skip

    def states(self) -> dict[str, str]:
        return states(self.outreach.database, self.outreach.tenant)

    def sent(self) -> list[tuple[str, str]]:
        lines = [json.loads(line) for line in self.post.archive.read_text().splitlines()]
        return [(line["mail_from"], line["rcpt_to"]) for line in lines]

    def looks(self) -> list[tuple[str, int]]:
        """Look-ups that are not done yet, by provider."""
        query = "SELECT lane, count(*) FROM outrider.jobs WHERE actor = 'toy.look_up' GROUP BY lane"
        return self.outreach.peek(query)

    def _mailbox(self, account: Account) -> UUID:
        database, tenant = self.outreach.database, self.outreach.tenant
        with database.tenant(tenant) as tx:
            mailbox_id = mailboxes.new_id(tx)
        new = mailbox_on(self.post, account, mailbox_id, sent_folder=None)
        mailbox_setup.create(
            database, KEYRING, tenant, new, password=account.password, operator="ada"
        )
        return mailbox_id


@pytest.fixture
def providers(checks: KeyChecks) -> Iterator[Providers]:
    """Our side of all of them."""
    with ExitStack() as stack:
        near, client = stack.enter_context(connect()), stack.enter_context(connect())
        crm = HubSpot(KEYRING, client, near)
        yield replace(world(), sender=Smtp(KEYRING), crm=crm, keys=checks)


@pytest.mark.system(30)
def test_a_revoked_connection_waits_alone_and_goes_on_when_it_is_connected_again(
    outreach: Outreach, fleet: Callable[..., Fleet], serve: Callable[..., Post],
    portal: Callable[..., Portal], vendors: Vendors, providers: Providers,
) -> None:  # fmt: skip
    """Six providers connect; a revoked token turns the connection to needs_reauth and pauses only its own steps"""
    peek, works = outreach.peek, Connections(outreach, providers, serve((A, B)), portal(), vendors)
    mailbox_id = works.connect()
    assert works.states() == dict.fromkeys([*SIX, "hubspot", A.email, B.email], "connected")
    works.revoke()
    works.work()
    outreach.at(EVENING)
    actors = [registered()[job.name] for job in (SendStep, CollectContacts, UpsertContacts)]
    fleet([*actors, LOOK_UP])

    revoked = {A.email, "apollo", "hubspot"}
    until(lambda: {n for n, state in works.states().items() if state == "needs_reauth"} == revoked)
    until(lambda: works.looks() == [("apollo", 3)])
    until(lambda: len(works.sent()) == 3)
    until(lambda: not peek("SELECT 1 FROM outrider.jobs WHERE state = 'running'"))
    assert {sender for sender, _ in works.sent()} == {B.email}
    assert {n for n, state in works.states().items() if state != "connected"} == revoked
    assert set(peek("SELECT attempt FROM outrider.jobs")) == {(0,)}, "no attempt is burned"
    assert peek("SELECT count(*) FROM outrider.crm_outbox WHERE batch_id IS NULL") != [(0,)]
    assert works.portal.contacts() == {}

    works.reconnect(mailbox_id)
    outreach.at(EVENING + timedelta(days=1))
    until(lambda: len(works.sent()) == 6)
    until(lambda: works.looks() == [])
    until(lambda: KNOWN in works.portal.contacts())
    assert set(works.states().values()) == {"connected"}
    everybody = sorted(f"p{number}@example.test" for number in range(6))
    assert sorted(recipient for _, recipient in works.sent()) == everybody, "each once"
    assert peek("SELECT 1 FROM outrider.dead_letters") == []
    assert set(peek("SELECT attempt FROM outrider.job_log WHERE actor = 'toy.look_up'")) == {(1,)}
