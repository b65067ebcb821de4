"""A webhook is verified, stored once and answered; anything else is a problem and stores nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from uuid import UUID, uuid4

import psycopg
import pytest

from db import Database, tenants
from ingress.keys import create
from telemetry.secrets import Keyring
from tests.ingress.conftest import LEAD, Books, Sender, Stored

NOTHING = Stored(events=0, leads=0, jobs=0)


def test_a_signed_lead_is_stored_raw_and_starts_its_journey(
    sender: Sender, books: Books, tenant: UUID
):
    answer = sender.post(LEAD, name="evt_1")
    assert answer.status_code == 202
    told = answer.json()
    assert told.keys() == {"id", "lead_id", "duplicate", "trace_id"}
    assert told["duplicate"] is False
    [(event, owner, external, body, lead, trace)] = books.ask(
        "SELECT id, tenant_id, external_id, body, lead_id, trace_id FROM outrider.webhook_events"
    )
    assert (str(event), str(lead), trace) == (told["id"], told["lead_id"], told["trace_id"])
    assert (owner, external) == (tenant, "evt_1")
    assert b'"Ada"' in bytes(body)  # pyright: ignore[reportArgumentType]
    assert books.ask(
        "SELECT tenant_id, actor, trace_id, payload ->> 'lead_id' FROM outrider.jobs"
    ) == [(tenant, "lead.enrich", trace, str(lead))]
    assert books.ask("SELECT email, source FROM outrider.leads") == [
        ("ada@example.org", "webhook:crm")
    ]


def test_an_event_posted_twice_is_stored_once_and_says_so(sender: Sender, books: Books):
    first = sender.post(LEAD, name="evt_1").json()
    second = sender.post(LEAD, name="evt_1")
    assert second.status_code == 202
    assert second.json() == {**first, "duplicate": True, "trace_id": second.json()["trace_id"]}
    assert books.count() == Stored(events=1, leads=1, jobs=1)


def test_the_same_event_posted_by_eight_at_once_is_stored_once(sender: Sender, books: Books):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sender.post(LEAD, name="evt_1").json(), range(8)))
    assert sorted(answer["duplicate"] for answer in answers) == [False] + [True] * 7
    assert len({answer["lead_id"] for answer in answers}) == 1
    assert books.count() == Stored(events=1, leads=1, jobs=1)


def test_a_lead_posted_twice_under_two_ids_is_one_lead(sender: Sender, books: Books):
    one = sender.post({**LEAD, "email": "Ada@Example.org"}).json()
    two = sender.post({**LEAD, "title": "Countess"}).json()
    assert one["lead_id"] == two["lead_id"]
    assert not two["duplicate"]
    assert books.count() == Stored(events=2, leads=1, jobs=2)


def test_an_incoming_trace_is_continued_into_the_job(sender: Sender, books: Books):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = sender.post(LEAD, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    assert answer.json()["trace_id"] == trace
    assert books.ask("SELECT trace_id FROM outrider.jobs") == [(trace,)]


def test_two_tenants_with_the_same_person_and_event_id_do_not_meet(
    sender: Sender, books: Books, database: Database, keyring: Keyring
):
    with database.hat("operator") as tx:
        tenants.add(tx, name="Beta", slug="beta")
    other = create(database, keyring, tenant_slug="beta", source="beta-crm")
    theirs = Sender(sender.client, other, "/webhooks/leads/beta-crm")
    assert sender.post(LEAD, name="evt_1").json()["duplicate"] is False
    assert theirs.post(LEAD, name="evt_1").json()["duplicate"] is False
    assert books.count() == Stored(events=2, leads=2, jobs=2)


def test_a_rotating_sender_may_send_several_signatures(sender: Sender, books: Books):
    body = b'{"email": "ada@example.org"}'
    headers = sender.headers(body)
    good = headers["webhook-signature"]
    stale = sender.headers(body, secret="whsec_" + "QUJD" * 8)["webhook-signature"]
    for signature in (f"{stale} {good}", f"v1a,x v9 v1 , v1,### v1,é {good}", f"{good} {stale}"):
        answer = sender.raw(body, {**headers, "webhook-signature": signature.encode("latin-1")})  # pyright: ignore[reportArgumentType]
        assert answer.status_code == 202, signature


def test_an_unknown_source_and_a_bad_signature_look_the_same(sender: Sender, books: Books):
    body = b'{"email": "ada@example.org"}'
    forged = sender.headers(body, secret="whsec_" + "QUJD" * 8)
    stranger = Sender(sender.client, sender.key, "/webhooks/leads/nobody")
    answers = [sender.raw(body, forged), stranger.raw(body, stranger.headers(body))]
    documents = [answer.json() for answer in answers]
    for document in documents:
        assert len(document.pop("trace_id")) == 32
        document.pop("instance")
    assert documents[0] == documents[1]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].headers["www-authenticate"] == answers[1].headers["www-authenticate"]
    assert books.count() == NOTHING


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_signature_from_another_time_is_refused(sender: Sender, books: Books, age: timedelta):
    body = b'{"email": "ada@example.org"}'
    assert sender.raw(body, sender.headers(body, age=age)).status_code == 401
    assert books.count() == NOTHING


def test_any_other_header_is_401(sender: Sender, books: Books, subtests: pytest.Subtests):
    body = b'{"email": "ada@example.org"}'
    values = (None, "", "x", "v1", "v1,", "v1,é", "v1,AAAA", ",", "nan", "-1", "1e400", "v1,a,b", "9" * 400)  # fmt: skip
    for header, value in product(("webhook-id", "webhook-timestamp", "webhook-signature"), values):
        headers = {name: text.encode() for name, text in sender.headers(body).items()}
        headers[header] = (value or "").encode("latin-1")
        if value is None:
            del headers[header]
        with subtests.test(header=header, value=value):
            answer = sender.client.post(sender.url, content=body, headers=headers)  # pyright: ignore[reportArgumentType]
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
    assert books.count() == NOTHING


def test_an_event_id_may_be_200_characters_and_no_more(sender: Sender, books: Books):
    assert sender.post(name="x" * 200).status_code == 202
    for name in ("x" * 201, "x" * 5000, "with space", "tab\t"):
        assert sender.post(name=name).status_code == 401
    assert books.count() == Stored(events=1, leads=1, jobs=1)


def test_a_changed_body_is_refused(sender: Sender, books: Books):
    headers = sender.headers(b'{"email": "ada@example.org"}')
    assert sender.raw(b'{"email": "eve@example.org"}', headers).status_code == 401
    assert books.count() == NOTHING


def test_a_revoked_source_and_a_deleted_tenant_are_unknown(
    sender: Sender, books: Books, owner_dsn: str
):
    with psycopg.connect(owner_dsn) as conn:
        conn.execute("UPDATE outrider.tenants SET deleted_at = now()")
    assert sender.post().status_code == 401
    with psycopg.connect(owner_dsn) as conn:
        conn.execute("UPDATE outrider.tenants SET deleted_at = NULL")
        conn.execute("UPDATE outrider.webhook_sources SET revoked_at = now()")
    assert sender.post().status_code == 401
    assert books.count() == NOTHING


def test_a_body_beyond_the_limit_is_413_and_the_last_allowed_byte_is_read(
    sender: Sender, books: Books
):
    exact = b'{"email": "ada@example.org"}'.ljust(4096)
    assert sender.post(exact).status_code == 202
    assert sender.post(exact + b" ").status_code == 413
    assert books.count() == Stored(events=1, leads=1, jobs=1)


def test_a_failed_transaction_stores_nothing(sender: Sender, books: Books, owner_dsn: str):
    with psycopg.connect(owner_dsn) as conn:
        conn.execute("REVOKE INSERT ON outrider.jobs FROM outrider_worker")
    answer = sender.post(name="evt_1")
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:outrider:problem:bug"
    assert "permission" not in answer.text
    assert books.count() == NOTHING
    with psycopg.connect(owner_dsn) as conn:
        conn.execute("GRANT INSERT ON outrider.jobs TO outrider_worker")
    assert sender.post(name="evt_1").json()["duplicate"] is False


def test_a_secret_sealed_with_a_lost_key_is_our_fault_and_not_the_senders(
    sender: Sender, database: Database, tenant: UUID, books: Books
):
    lost = create(
        database, Keyring([b"k" * 32]), tenant_slug="acme", source=f"lost-{uuid4().hex[:8]}"
    )
    answer = Sender(sender.client, lost, f"/webhooks/leads/{lost.source}").post()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert books.count() == NOTHING
