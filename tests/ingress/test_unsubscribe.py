"""The way out that every mail carries: a look changes nothing, a click changes everything, once."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from starlette.testclient import TestClient

from db import Database, enrollments, suppressions, tenants
from db.enrollments import Enrollment, NewEnrollment
from ingress.app import app
from providers.fake_mail import FakeSender
from schemas.enums import (
    CampaignStatus,
    EnrollmentStatus,
    LeadStatus,
    StepStatus,
    StopReason,
    SuppressionReason,
)
from schemas.settings import Settings
from telemetry.secrets import Keyring
from tests.fix_outreach import Outreach

Peek = Callable[..., list[tuple[Any, ...]]]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
BODIES = {
    "one-click": {"data": ONE_CLICK},
    "one-click as a form with parts": {"files": {"List-Unsubscribe": (None, "One-Click")}},
    "nothing": {},
    "junk": {"content": b"\0\xff{]", "headers": {"content-type": "application/json"}},
    "parts without an end": {
        "content": b"--x\r\n", "headers": {"content-type": "multipart/form-data; boundary=x"},
    },
}  # fmt: skip
NOBODY = "q" * 22


@pytest.fixture
def sender() -> FakeSender:
    """The submission server; nobody posts webhooks here."""
    return FakeSender()


@pytest.fixture
def bob(outreach: Outreach) -> Enrollment:
    """Somebody whose first mail is planned."""
    return outreach.enroll("bob@example.test")


@pytest.fixture
def books(peek: Peek) -> Callable[[], list[tuple[Any, ...]]]:
    """Everything that an unsubscribe may change."""

    def read() -> list[tuple[Any, ...]]:
        return [
            *peek("SELECT status::text, epoch, stopped_by FROM outrider.enrollments ORDER BY id"),
            *peek("SELECT status::text, updated_at FROM outrider.leads ORDER BY id"),
            *peek("SELECT status::text, skip_reason FROM outrider.step_executions ORDER BY id"),
            *peek("SELECT reason::text, source FROM outrider.suppressions ORDER BY id"),
            *peek(
                "SELECT to_status::text, cause FROM outrider.lead_status_transitions ORDER BY id"
            ),
            *peek("SELECT id, actor, state::text FROM outrider.jobs ORDER BY id"),
        ]

    return read


@pytest.fixture
def away(keyring: Keyring, settings: Settings) -> Iterator[TestClient]:
    """An edge whose Postgres is gone."""
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing")  # never opened: fails at once
    with TestClient(app(nowhere, keyring, settings)) as client:
        yield client


def test_a_look_shows_who_wrote_and_one_button(client: TestClient, bob: Enrollment):
    answer = client.get(f"/u/{bob.token}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Acme" in answer.text
    assert re.findall(r"<form[^>]*>", answer.text) == ['<form method="post">']
    assert answer.text.count("<button") == 1
    assert "bob@" not in answer.text


def test_fifty_looks_change_nothing(
    client: TestClient, bob: Enrollment, books: Callable[[], object]
):
    before = books()
    for _ in range(25):
        assert client.get(f"/u/{bob.token}").status_code == 200
        assert client.head(f"/u/{bob.token}").status_code == 200
    assert books() == before


def test_every_page_allows_nothing_and_keeps_nothing(client: TestClient, bob: Enrollment):
    answers = [
        client.get(f"/u/{bob.token}"), client.get(f"/u/{NOBODY}"), client.post(f"/u/{bob.token}"),
        client.get("/health"),
    ]  # fmt: skip
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "set-cookie" not in answer.headers
        assert not answer.is_redirect
        assert not re.search(r"<script|\sstyle=|\son\w+=|src=|http", answer.text)


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_post_stops_everything_whatever_its_body_says(
    client: TestClient, outreach: Outreach, bob: Enrollment, body: dict[str, Any]
):
    answer = client.post(f"/u/{bob.token}", **body)
    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.text
    stopped = outreach.enrollment(bob.id)
    assert (stopped.status, stopped.stop_reason) == (
        EnrollmentStatus.STOPPED, StopReason.UNSUBSCRIBED,
    )  # fmt: skip
    assert stopped.epoch > bob.epoch
    assert [step.status for step in outreach.steps(bob.id)] == [StepStatus.CANCELLED]
    assert outreach.status_of(bob.lead_id) is LeadStatus.UNSUBSCRIBED


def test_it_is_one_suppression_one_move_and_one_piece_of_news(
    client: TestClient, bob: Enrollment, peek: Peek, books: Callable[[], object]
):
    assert client.post(f"/u/{bob.token}", data=ONE_CLICK).status_code == 200
    once = books()
    for _ in range(3):
        again = client.post(f"/u/{bob.token}", data=ONE_CLICK)
        assert again.status_code == 200
        assert "You are unsubscribed" in again.text
    assert books() == once
    assert peek("SELECT kind::text, reason::text, source, value FROM outrider.suppressions") == [
        ("email", "unsubscribe", "unsubscribe page", "bob@example.test")
    ]
    assert peek(
        "SELECT cause FROM outrider.lead_status_transitions WHERE to_status = 'unsubscribed'"
    ) == [("unsubscribe page",)]
    assert peek("SELECT count(*) FROM outrider.jobs WHERE actor = 'crm.collect'") == [(1,)]


def test_a_mail_whose_time_has_come_is_not_sent_after_it(
    client: TestClient, outreach: Outreach, bob: Enrollment
):
    [step] = outreach.steps(bob.id)
    job_id = outreach.job_of(step)
    outreach.at(step.due_at)
    client.post(f"/u/{bob.token}")
    outreach.attempt(job_id)
    assert outreach.mails() == []


def test_eight_clicks_at_once_are_one(
    client: TestClient, bob: Enrollment, outreach: Outreach, peek: Peek
):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post(f"/u/{bob.token}").status_code, range(8)))
    assert answers == [200] * 8
    assert peek("SELECT count(*) FROM outrider.suppressions") == [(1,)]
    assert outreach.enrollment(bob.id).epoch == bob.epoch + 1
    assert peek("SELECT count(*) FROM outrider.jobs WHERE actor = 'crm.collect'") == [(1,)]


def test_an_old_link_stops_the_campaign_that_the_person_is_in_now(
    client: TestClient, outreach: Outreach, bob: Enrollment, tenant: UUID, database: Database
):
    with database.tenant(tenant) as tx:
        enrollments.complete(tx, bob.id)
    winter = outreach.campaign(bob.mailbox_id, name="winter")
    with database.tenant(tenant) as tx:
        again = NewEnrollment(
            winter, bob.sequence_id, bob.lead_id, bob.mailbox_id, "UTC", "tenant", "another"
        )
        [now] = enrollments.add(tx, [again])
    client.post(f"/u/{bob.token}")
    assert outreach.enrollment(now.id).stop_reason is StopReason.UNSUBSCRIBED
    assert outreach.enrollment(bob.id).stop_reason is StopReason.UNSUBSCRIBED


def test_a_campaign_that_has_nobody_left_is_completed(
    client: TestClient, bob: Enrollment, peek: Peek
):
    client.post(f"/u/{bob.token}")
    assert peek("SELECT status::text FROM outrider.campaigns") == [(CampaignStatus.COMPLETED,)]


def test_the_wish_of_a_deleted_lead_holds_for_the_address_that_was_written_to(
    client: TestClient, outreach: Outreach, bob: Enrollment, tenant: UUID, database: Database,
    peek: Peek,
):  # fmt: skip
    outreach.send(bob.id)
    peek(
        """
        UPDATE outrider.leads SET deleted_at = outrider.now(), email = NULL,
               linkedin_url = 'https://linkedin.com/in/gone'
        """
    )
    assert client.post(f"/u/{bob.token}").status_code == 200
    with database.tenant(tenant) as tx:
        assert suppressions.because(tx, "bob@example.test") is SuppressionReason.UNSUBSCRIBE


def test_the_link_in_a_mail_is_the_page_and_its_token_is_in_no_log(
    client: TestClient, outreach: Outreach, bob: Enrollment, said: list[Any]
):
    outreach.send(bob.id)
    [mail] = outreach.mails()
    [link] = re.findall(r"<http[^>]*?(/u/[^>]+)>", mail["List-Unsubscribe"])
    assert link == f"/u/{bob.token}"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    said.clear()
    client.get(link)
    client.post(link, data=ONE_CLICK)
    assert [line["event"] for line in said] == ["unsubscribe.shown", "unsubscribe.accepted"]
    assert said[1]["lead_id"] == str(bob.lead_id)
    assert bob.token not in str(said)
    assert 'route="unsubscribe"' in client.get("/metrics").text
    assert bob.token not in client.get("/metrics").text


def test_a_link_of_one_tenant_touches_nobody_of_another(
    client: TestClient, bob: Enrollment, database: Database, peek: Peek
):
    with database.hat("operator") as tx:
        other = tenants.add(tx, name="Beta", slug="beta").id
    client.post(f"/u/{bob.token}")
    with database.tenant(other) as tx:
        assert suppressions.because(tx, "bob@example.test") is None
    assert peek("SELECT DISTINCT tenant_id FROM outrider.suppressions") != [(other,)]


@pytest.mark.parametrize("path", [NOBODY, "", "a/b", "%00", "ü", "' OR 1=1 --", "x" * 5000])
def test_a_link_that_nobody_was_given_says_what_to_do(
    client: TestClient, bob: Enrollment, path: str, books: Callable[[], object]
):
    before = books()
    for answer in (client.get(f"/u/{path}"), client.post(f"/u/{path}", data=ONE_CLICK)):
        assert answer.status_code == 404
        assert "reply to the e-mail" in answer.text
    assert books() == before


@examples(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(token=st.text(max_size=60), body=st.binary(max_size=200), kind=st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=20))  # fmt: skip
def test_no_request_whatsoever_is_a_5xx(client: TestClient, token: str, body: bytes, kind: str):
    answer = client.post(
        "/u/" + token.encode("utf-8", "replace").hex(), content=body, headers={"content-type": kind}
    )
    assert answer.status_code == 404


def test_other_verbs_and_endless_bodies_are_refused(client: TestClient, bob: Enrollment):
    assert client.delete(f"/u/{bob.token}").status_code == 405
    assert client.post(f"/u/{bob.token}", content=b"x" * 70_000).status_code == 413


def test_without_its_database_it_pretends_nothing(away: TestClient):
    for answer in (away.get(f"/u/{NOBODY}"), away.post(f"/u/{NOBODY}", data=ONE_CLICK)):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "You are not unsubscribed yet" in unescape(answer.text)


def test_a_name_cannot_write_into_the_page(client: TestClient, bob: Enrollment, peek: Peek):
    peek("UPDATE outrider.tenants SET name = '<b onclick=x>&'")
    assert "&lt;b onclick=x&gt;&amp;" in client.get(f"/u/{bob.token}").text
