"""A person is forgotten: in every table, in every spelling, and nobody else with them."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, LiteralString
from urllib.parse import quote
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from db import Database, people, webhooks
from pipelines.engine import emit
from providers.fake_crm import FakeCrm
from providers.fake_mail import FakeReader, FakeSender
from schemas.errors import Permanent
from schemas.events import LeadCaptured, MailboxStirred
from tests.factories import capture, tenant_called
from tests.fix_journey import Journey
from tests.fix_outreach import mail_of
from tests.workers.inbox import letter
from tests.workers.test_whole_journey import MONDAY, answer, mailbox
from workers.erasing import erase, foresee

assert mailbox
Peek = Callable[..., list[tuple[Any, ...]]]

EMAIL, NAME, PHONE = "Zoltana.Quixley@acme.test", "Zoltana Quixley", "+49 30 98765432"
KNOWN = {
    "full_name": NAME, "first_name": "Zoltana", "last_name": "Quixley", "phone": PHONE, "title": "Quixmaster",
    "linkedin_url": "https://www.linkedin.com/in/zoltana-quixley", "country": "DE", "website": "https://quixley.example",
}  # fmt: skip
NEEDLES = (
    EMAIL,
    NAME,
    "Quixley",
    "Quixmaster",
    PHONE,
    "98765432",
    "zoltana-quixley",
    "zoltana%2equixley",
)
COLLEAGUE = {
    "full_name": "Bob Frost",
    "first_name": "Bob",
    "last_name": "Frost",
    "phone": "+49 30 111",
    "country": "DE",
}
"""At the same company."""


def spellings(word: str) -> Iterator[str]:
    """How a word may be written down in a dump, lower case except for base64."""
    for plain in {word, word.lower()}:
        raw = plain.encode()
        yield from (plain.lower(), quote(plain).lower(), raw.hex(), hashlib.sha256(raw).hexdigest())
        for shift in range(3):
            text = base64.b64encode(b" " * shift + raw).decode()
            core = text[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
            yield from (core, core.encode().hex())


def dump(owner_dsn: str) -> dict[str, str]:
    """Every row of every table there is, as text; bytes as hex."""
    with psycopg.connect(owner_dsn) as conn:
        tables = conn.execute("""
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('outrider', 'outrider_secret', 'public')
            """).fetchall()
        return {
            f"{schema}.{table}": "\n".join(
                str(row) for (row,) in conn.execute(
                    sql.SQL("SELECT t::text FROM {} t WHERE to_jsonb(t) ->> 'tenant_id' IS DISTINCT FROM %s")
                    .format(sql.Identifier(schema, table)), ("other",)).fetchall())
            for schema, table in tables
        }  # fmt: skip


def found_in(text: str) -> set[str]:
    """Which spellings of the person a text has."""
    lower = text.lower()
    return {form for word in NEEDLES for form in spellings(word) if form in lower or form in text}


HASH = hashlib.sha256(f"email:{EMAIL.lower()}".encode()).hexdigest()

PLANTED: tuple[LiteralString, ...] = (
    "INSERT INTO outrider.audit_logs (tenant_id, operator, action, resource_type, resource_id, reason, details) VALUES (%(t)s, 'o', 'suppress', 'suppression', %(e)s, 'asked by ' || %(n)s, jsonb_build_object('who', jsonb_build_array(%(e)s, %(d)s)))",
    "INSERT INTO outrider.effects (tenant_id, key, class, job_id, token, state, response, settled_at) VALUES (%(t)s, 'domain.look:acme.test||2026-10', 'repeatable', 1, 1, 'done', jsonb_build_object('page', 'Call ' || %(n)s || ' at ' || %(p)s, 'number', 493098765432), now())",
    "INSERT INTO outrider.imports (tenant_id, filename, header, sha256, rows, created, updated, rejected, operator) VALUES (%(t)s, %(e)s || '.csv', 'email,name', 'h', 1, 0, 0, 1, 'o')",
    "INSERT INTO outrider.import_rows (tenant_id, import_id, line, status, raw, document, field, reason) SELECT %(t)s, id, 2, 'failed', %(n)s || ';Quixmaster;' || %(e)s, json_build_object('email', %(e)s), 'email', %(e)s || ' is twice in the file' FROM outrider.imports WHERE tenant_id = %(t)s",
    "UPDATE outrider.leads SET attributes = jsonb_build_object('referred by', %(e)s, %(n)s, 1) WHERE email = 'bob@acme.test' AND tenant_id = %(t)s",
    "UPDATE outrider.companies SET attributes = jsonb_build_object('contact', %(n)s || ' <' || upper(%(e)s) || '>') WHERE tenant_id = %(t)s",
    "INSERT INTO outrider.pauses (tenant_id, actor, reason, paused_by) VALUES (NULL, 'toy', 'nobody', 'o')",
    "UPDATE outrider.lanes SET pause_reason = 'until ' || %(n)s || ' is back', paused_by = 'o', paused_at = now() WHERE tenant_id = %(t)s",
    "UPDATE outrider.campaigns SET paused_reason = 'see linkedin.com/in/zoltana-quixley' WHERE tenant_id = %(t)s",
    "INSERT INTO outrider.job_keys (tenant_id, key, job_id) SELECT %(t)s, 'sync:' || %(e)s, max(job_id) FROM outrider.job_log",
)  # fmt: skip


def told_by_a_form(database: Database, tenant: UUID, email: str, **known: str) -> UUID:
    """A lead as a signed webhook leaves it, raw body and all."""
    with database.hat("operator") as tx:
        source = webhooks.add_source(tx, tenant_id=tenant, slug=f"form-{len(email)}")
    with database.tenant(tenant) as tx:
        event = webhooks.store(
            tx, source_id=source.id, external_id=email, body=f"{email} {known}".encode()
        )
        assert event
        lead_id = capture(tx, email, **known)
        webhooks.attach_lead(tx, event, lead_id)
        emit(tx, LeadCaptured(lead_id=lead_id), key=f"{source.id}:{email}")
    return lead_id


@pytest.fixture
def lived(
    journey: Journey, mailbox: UUID, database: Database, tenant: UUID, sender: FakeSender, reader: FakeReader,
    peek: Peek, owner_dsn: str,
) -> UUID:  # fmt: skip
    """Zoltana and Bob of one company, written to, answering, in the CRM; and what else may name her."""
    journey.travel(MONDAY)
    zoltana = told_by_a_form(database, tenant, EMAIL, **KNOWN)
    told_by_a_form(database, tenant, "bob@acme.test", **COLLEAGUE)
    journey.pass_time(timedelta(days=1))
    hers, his = sorted(
        (mail_of(s.mail) for s in sender.sent), key=lambda m: str(m["To"]), reverse=True
    )
    quoting = letter(f"Ask {NAME}, {EMAIL.lower()} or {PHONE}, not me.", sender="bob@acme.test",
                     In_Reply_To=str(his["Message-ID"]))  # fmt: skip
    hidden = letter("See below.", sender="bob@acme.test", In_Reply_To=str(his["Message-ID"]),
                    X_Thread=base64.b64encode(f"x {EMAIL}".encode()).decode())  # fmt: skip
    reader.folders["INBOX"] = [answer(hers, f"Call me: {PHONE}. {NAME}"), quoting, hidden]
    with database.tenant(tenant) as tx:
        emit(tx, MailboxStirred(mailbox_id=mailbox), key="")
    journey.settle()
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        for query in PLANTED:
            psycopg.ClientCursor(conn).execute(
                query, {"t": tenant, "e": EMAIL, "n": NAME, "p": PHONE, "d": f"tel:{PHONE}"}
            )
    return zoltana


def test_nothing_but_a_hash_is_left_of_a_person_and_everything_of_a_colleague(
    said: list[Any], lived: UUID, database: Database, tenant: UUID, owner_dsn: str, peek: Peek, sick: list[str],
) -> None:  # fmt: skip
    sick += ["jobs.lost"]
    before = dump(owner_dsn)
    knew = {table for table, text in before.items() if found_in(text)}
    assert {f"outrider.{t}" for t in ("leads", "mails", "messages", "replies", "webhook_events", "effects", "companies",
            "audit_logs", "import_rows", "imports", "job_keys", "lanes", "campaigns")} <= knew  # fmt: skip
    foreseen = foresee(database, tenant, EMAIL)
    assert dump(owner_dsn) == before
    done = erase(database, tenant, EMAIL, operator="ann", reason="asked")
    assert (done.tables, done.leads, done.fenced) == (foreseen.tables, 1, 0)
    assert [(c.provider, c.remote_id) for c in done.contacts] == [
        ("hubspot", done.contacts[0].remote_id)
    ]

    after = dump(owner_dsn)
    assert {table: found_in(text) for table, text in after.items() if found_in(text)} == {}
    assert {table for table, text in after.items() if HASH in text} == {
        "outrider.suppressions",
        "outrider.audit_logs",
    }
    assert peek("SELECT kind::text, reason::text, value FROM outrider.suppressions ORDER BY 1") == [
        ("email", "erasure", None), ("linkedin", "erasure", None)]  # fmt: skip
    phone = hashlib.sha256(b"phone:493098765432").hexdigest()
    assert {t for t, text in before.items() if phone in text} == {"outrider.messages"}
    assert {t for t, text in after.items() if phone in text} == set()
    assert found_in(repr(said)) == set()

    # The same counts as before, and the colleague's own words, switchboard and score.
    assert peek("SELECT full_name, phone, score IS NOT NULL FROM outrider.leads WHERE email = 'bob@acme.test'") == [
        ("Bob Frost", COLLEAGUE["phone"], True)]  # fmt: skip
    assert peek("SELECT count(*) FROM outrider.messages WHERE direction = 'outbound'") == [(2,)]
    [(text,)] = peek(
        "SELECT body_text FROM outrider.messages WHERE direction = 'inbound' AND body_text LIKE 'Ask %'"
    )
    assert text.split() == ["Ask", "[erased],", "[erased]", "or", "[erased],", "not", "me."]
    assert peek(
        "SELECT count(*) FROM outrider.replies WHERE lead_id <> %s AND verdict <> '{}'", lived
    ) == [(2,)]

    # Once more finds nothing more to do.
    assert [
        t for t in erase(database, tenant, EMAIL, operator="ann", reason="again").tables if t.own
    ] == []


def test_another_tenant_knows_the_same_person_as_before(
    lived: UUID, database: Database, tenant: UUID, peek: Peek
) -> None:
    other = tenant_called(database, "other")
    with database.tenant(other) as tx:
        theirs = capture(tx, EMAIL, **KNOWN)
    erase(database, tenant, EMAIL, operator="ann", reason="asked")
    assert peek("SELECT email, full_name FROM outrider.leads WHERE id = %s", theirs) == [
        (EMAIL, NAME)
    ]
    with database.tenant(other) as tx:
        assert [p.table_name for p in people.list_pieces(tx, EMAIL)] == [
            "activities",
            "lead_status_transitions",
            "leads",
        ]


def test_who_comes_back_by_a_form_is_an_empty_row_and_nobody_works_on_it(
    lived: UUID, database: Database, tenant: UUID, journey: Journey, sender: FakeSender, crm: FakeCrm, owner_dsn: str,
    sick: list[str],
) -> None:  # fmt: skip
    sick += ["jobs.lost"]
    erase(database, tenant, EMAIL, operator="ann", reason="asked")
    sent = len(sender.sent)
    with database.hat("operator") as tx:
        source = webhooks.add_source(tx, tenant_id=tenant, slug="again")
    with database.tenant(tenant) as tx:
        event = webhooks.store(
            tx, source_id=source.id, external_id="1", body=f"{EMAIL} {KNOWN}".encode()
        )
        assert event
        again = capture(tx, EMAIL, **KNOWN)
        webhooks.attach_lead(tx, event, again)
        emit(tx, LeadCaptured(lead_id=again), key=f"{source.id}:1")
    journey.settle()
    assert {t for t, text in dump(owner_dsn).items() if found_in(text)} == set()
    assert len(sender.sent) == sent
    assert journey.peek("SELECT count(*) FROM outrider.dead_letters WHERE status = 'open'") == [
        (0,)
    ]
    assert journey.peek("SELECT enriched_at, score, erased_at IS NOT NULL FROM outrider.leads WHERE id = %s", again) == [
        (None, None, True)]  # fmt: skip


def test_a_mailbox_of_the_tenant_is_nobody_to_forget(
    mailbox: UUID, database: Database, tenant: UUID
) -> None:
    with pytest.raises(Permanent, match="is a mailbox of this tenant"):
        erase(database, tenant, "grace@navy.test", operator="ann", reason="asked")
