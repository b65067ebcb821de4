"""The story of a lead: everything that was done about it, once, in the order it was done."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from db import Database, leads, timelines
from ingress.app import app
from ingress.keys import create
from pipelines.engine import emit
from providers.fake_mail import FakeReader
from schemas.events import MailboxStirred
from schemas.settings import Settings
from telemetry.bell import Bell
from telemetry.secrets import Keyring
from tests.fix_crm import Telling
from tests.fix_journey import Journey
from tests.fix_outreach import MONDAY, Outreach
from tests.ingress.conftest import Sender
from tests.workers.test_whole_journey import answer

ADA = {"email": "ada@acme.test", "first_name": "Ada", "title": "CTO", "country": "DE"}
ACTORS = ("lead.enrich", "lead.score", "campaign.fill", "step.send", "mail.match", "reply.classify",
          "enrollment.settle", "crm.collect", "crm.upsert")  # fmt: skip


@pytest.fixture
def web(database: Database, outreach: Outreach) -> Iterator[Sender]:
    """A form on a web site, which signs what it posts."""
    keyring = Keyring([bytes(range(32))])
    key = create(database, keyring, tenant_slug="acme", source="web", operator="tests")
    settings = Settings(env="test", database_url=SecretStr("postgresql://unused@127.0.0.1/unused"))  # pyright: ignore[reportCallIssue]
    bell = Bell("redis://127.0.0.1:1/0")
    with TestClient(app(database, keyring, settings, bell=bell)) as client:
        yield Sender(client, key, "/webhooks/leads/web")
    bell.close()


@pytest.mark.system(7)
def test_one_webhook_is_one_activity_and_the_timeline_tells_what_every_actor_did(
    outreach: Outreach, journey: Journey, telling: Telling, web: Sender, reader: FakeReader
) -> None:
    """Replaying the same webhook three times leaves one activity row; the timeline of a lead lists every actor's action in order."""
    box = outreach.mailbox()
    outreach.campaign(box, min_score=1)
    answers = [web.post(ADA, name="evt_1").json() for _ in range(3)]
    assert [one["duplicate"] for one in answers] == [False, True, True]
    assert outreach.peek("SELECT kind::text, text FROM outrider.activities") == [
        ("captured", "told by webhook:web")]  # fmt: skip
    assert outreach.peek("SELECT count(*) FROM outrider.jobs WHERE actor = 'lead.enrich'") == [(1,)]

    journey.pass_time(timedelta(days=1))
    [mail] = outreach.mails()
    reader.folders["INBOX"] = [answer(mail, "Sounds good. Can we talk on Tuesday at ten?")]
    with outreach.database.tenant(outreach.tenant) as tx:
        emit(tx, MailboxStirred(mailbox_id=box), key="")
    journey.pass_time(timedelta(hours=1))
    assert set(ACTORS) <= set(journey.done())

    with outreach.database.tenant(outreach.tenant) as tx:
        story = timelines.of_lead(tx, leads.get_by_email(tx, "ada@acme.test").id)
    assert [one.at for one in story] == sorted(one.at for one in story)
    assert story[0].at == MONDAY
    deeds = iter([(one.what, one.text) for one in story])
    for what, said in (  # each is found after the one before it
        ("captured", "told by webhook:web"),          # the edge
        ("enriched", "company_name (page)"),          # lead.enrich
        ("score", "points"),                          # lead.score
        ("status", "enriched → scored by lead.score"),
        ("status", "scored → in_sequence by campaign.fill"),
        ("enrolled", "autumn"),                       # campaign.fill
        ("step 1", "sent"),                           # step.send
        ("mail out", "sent"),
        ("crm", "created as"),                        # crm.upsert
        ("mail in", "received"),                      # mail.match
        ("reply", "human, meeting_request"),          # reply.classify
        ("verdict", "stop because"),                  # enrollment.settle
        ("crm", "updated as"),
    ):  # fmt: skip
        assert any(what == done and said in text for done, text in deeds), (what, said, story)
    moves = [text for kind, text in ((one.what, one.text) for one in story) if kind == "enrollment"]
    assert moves[0].startswith("active → held")
    assert moves[-1] == "held → stopped: replied by enrollment.settle"


@pytest.mark.system(24)
def test_an_address_is_one_lead_whoever_tells_us_and_the_source_is_kept(
    outreach: Outreach, web: Sender
) -> None:
    """The same address twice updates one lead; source zoominfo/apollo/clearbit/website_visitor is kept."""
    for number, source in enumerate(("zoominfo", "apollo", "clearbit", "website_visitor")):
        email = f"p{number}@acme.test"
        one = web.post({"email": email, "source": source, "title": "CTO"}).json()
        two = web.post({"email": email.upper(), "first_name": "Ada", "source": "list"}).json()
        three = web.post({"email": email, "country": "DE"}).json()
        assert one["lead_id"] == two["lead_id"] == three["lead_id"]
        [row] = outreach.peek(
            "SELECT source, sources, title, first_name, country FROM outrider.leads WHERE email_norm = %s", email)  # fmt: skip
        assert row == (source, [source, "list", "webhook:web"], "CTO", "Ada", "DE")
    assert outreach.peek("SELECT count(*) FROM outrider.leads") == [(4,)]
    assert outreach.peek("SELECT DISTINCT cause FROM outrider.lead_status_transitions") == [
        ("webhook:web",)]  # fmt: skip


def test_a_lead_that_has_a_profile_and_no_address_is_looked_up_scored_and_not_written_to(
    outreach: Outreach, journey: Journey, web: Sender
) -> None:
    outreach.campaign(outreach.mailbox())
    told = {"linkedin_url": "linkedin.com/in/ada", "company_domain": "acme.test", "title": "CTO"}
    lead_id = web.post(told).json()["lead_id"]
    journey.pass_time(timedelta(days=2))
    assert outreach.peek("SELECT id::text, status::text, email_status::text, company_name FROM outrider.leads") == [
        (lead_id, "scored", "not_found", "Acme")]  # fmt: skip
    assert outreach.sender.sent == []
    assert outreach.peek("SELECT count(*) FROM outrider.dead_letters") == [(0,)]
