"""Plans where the work is done: what waits for them, why, and that nothing is lost or paid twice."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from threading import Barrier
from typing import ClassVar

import pytest

from db import Database, credits, quotas
from providers.fake import FakeDomains, acme
from providers.fake_mail import takes_all
from schemas.base import Event
from schemas.enums import JobOutcome, JobState, Meter, SubscriptionStatus
from schemas.errors import Permanent, Transient, Unanswered
from schemas.events import UsageWarned
from schemas.jobs import EnrichLead, RenewCredits, SendStep, WarnUsage
from schemas.slots import Window
from tests.factories import Toy, capture, enqueue
from tests.fix_outreach import MONDAY, THREE, Outreach
from tests.fix_plans import Plans, counted
from tests.fix_world import Bench, Fleet, Said, spec, until
from workers import quotas as metering
from workers import usage as _usage
from workers.actor import registered
from workers.context import Context
from workers.doubts import settle

assert _usage
ENRICH = registered()[EnrichLead.name]
EVERY_DAY = Window(days=frozenset(range(1, 8)), start=time(0), end=time(23, 59))
ALL = "SELECT count(*) FROM outrider.jobs"


class Taking(Toy):
    """A toy that takes one mail of the month."""

    name: ClassVar[str] = "toy.taking"
    emits: ClassVar[tuple[type[Event], ...]] = (UsageWarned,)


def take_one(job: Taking, ctx: Context) -> None:
    with ctx.finish() as tx:
        metering.take(ctx, tx, Meter.MAILS, 1, key=str(job.number // 2))  # each key twice


@pytest.mark.system(42)
def test_racing_takes_give_what_the_plan_has_and_one_warning(
    plans: Plans, fleet: Callable[..., Fleet], said: Said
) -> None:
    """240 racing takes against 100 give 100 (measured); the same idempotency key counts once; at 80 % one warning is sent"""
    plans.have(mails_month=100)
    enqueue(plans.database, plans.tenant, *(Taking(number=number) for number in range(480)))
    fleet([spec(Taking, take_one), registered()[WarnUsage.name]], threads=8)
    until(lambda: plans.ask(ALL) == 0, seconds=30)
    assert plans.used() == 100
    assert plans.ask("SELECT count(*) FROM outrider.usage_events WHERE refunded_at IS NULL") == 100
    assert [line["used"] for line in said if line["event"] == "usage.warned"] == [80]
    counters = plans.ask("SELECT count(*) FROM outrider.usage_counters WHERE warned_at IS NOT NULL")
    assert counters == 1


@pytest.mark.system(13)
def test_paid_look_ups_are_paid_once_and_only_by_who_can_pay(
    plans: Plans, outreach: Outreach, domains: FakeDomains, dsn: str
) -> None:
    """Balance never goes negative under 20 parallel spenders; a retried paid call books one spend; a cached domain costs nothing; past_due blocks sends and enrichment with a visible reason"""
    plans.have(credits_month=7)
    answers = _spend_at_once(plans, dsn, spenders=20)
    assert (counted(answers), plans.do(credits.balance)) == (7, 0)
    assert plans.ask("SELECT min(balance_after) FROM outrider.credit_transactions") == 0

    plans.do(lambda tx: credits.grant(tx, 2, reason="a test"))
    domains.answer = lambda _: Transient("the resolver is away")
    job = _enrich(outreach.bench, "ada@acme.test")
    domains.answer = acme
    outreach.attempt(job, EnrichLead.name)
    assert outreach.bench.state(job) == (JobOutcome.DONE, 2)
    assert (domains.calls.total(), plans.do(credits.balance)) == (2, 1)

    assert outreach.bench.state(_enrich(outreach.bench, "bob@acme.test")) == (JobOutcome.DONE, 1)
    assert (domains.calls.total(), plans.do(credits.balance)) == (2, 1)

    enrolled = outreach.enroll("eve@example.test")
    plans.bill(SubscriptionStatus.PAST_DUE)
    job = _enrich(outreach.bench, "eve@other.test")
    outreach.send(enrolled.id)
    assert outreach.sender.sent == []
    [step] = outreach.steps(enrolled.id)
    assert step.because.startswith("plan: billing is past due")
    assert outreach.bench.state(job) == (JobState.DELAYED, 0)
    assert plans.peek("SELECT last_error FROM outrider.jobs WHERE id = %s", job) == [
        ("OverPlan: billing is past due",)]  # fmt: skip
    assert (domains.calls.total(), plans.do(credits.balance)) == (2, 1)


def _spend_at_once(plans: Plans, dsn: str, *, spenders: int) -> list[quotas.Answer]:
    crowd, start = Database(dsn, max_size=spenders), Barrier(spenders)
    crowd.open()

    def spend(number: int) -> quotas.Answer:
        with crowd.tenant(plans.tenant) as tx:
            start.wait(timeout=10)
            return quotas.take(tx, Meter.LOOKUPS, 1, key=f"look {number}")

    with ThreadPoolExecutor(spenders) as threads:
        answers = list(threads.map(spend, range(spenders)))
    crowd.close()
    return answers


def _enrich(bench: Bench, email: str) -> int:
    with bench.database.tenant(bench.tenant) as tx:
        lead_id = capture(tx, email)
    return bench.do(ENRICH, EnrichLead(lead_id=lead_id))


def test_a_fleet_sends_the_months_mails_and_the_rest_waits_for_the_next_or_a_bigger_plan(
    plans: Plans, outreach: Outreach, fleet: Callable[..., Fleet]
) -> None:
    plans.have(mails_month=3)
    outreach.campaign(outreach.mailbox(), texts=THREE[:1], window=EVERY_DAY)
    for number in range(8):
        outreach.lead(f"p{number}@example.test")
    outreach.fill()
    outreach.at(MONDAY + timedelta(days=2))  # whatever moments were drawn, all are due
    fleet([registered()[SendStep.name]], threads=8)
    until(lambda: not outreach.peek(
        "SELECT 1 FROM outrider.jobs WHERE actor = 'step.send' AND due_at <= outrider.now()"))  # fmt: skip
    assert (len(outreach.sender.sent), plans.used()) == (3, 3)
    waiting = outreach.peek(
        "SELECT due_at, because FROM outrider.step_executions WHERE status = 'scheduled'"
    )
    assert len(waiting) == 5
    assert all(due >= datetime(2026, 12, 1, tzinfo=UTC) for due, _ in waiting)
    assert all(b.startswith("plan: the plan's 3 mails of November are sent;") for _, b in waiting)
    plans.have(mails_month=8)
    assert plans.do(quotas.wake) == 5
    until(lambda: len(outreach.sender.sent) == 8)
    assert set(Counter(mail.recipient for mail in outreach.sender.sent).values()) == {1}
    assert plans.used() == 8


def test_a_fleet_looks_up_what_is_paid_and_goes_on_when_more_is(
    plans: Plans, fleet: Callable[..., Fleet], domains: FakeDomains
) -> None:
    plans.have(credits_month=5)
    with plans.database.tenant(plans.tenant) as tx:
        people = [capture(tx, f"ada@d{number}.test") for number in range(20)]
    enqueue(plans.database, plans.tenant, *(EnrichLead(lead_id=lead) for lead in people))
    fleet([ENRICH], threads=8)
    until(
        lambda: (
            plans.ask(
                "SELECT count(*) FROM outrider.jobs WHERE last_error LIKE 'OverPlan: the plan''s 5 credits of%'"
            )
            == 15
        )
    )
    assert (domains.calls.total(), plans.do(credits.balance)) == (5, 0)
    plans.do(lambda tx: credits.grant(tx, 15, reason="a test"))
    plans.do(quotas.wake)
    until(lambda: plans.ask("SELECT count(*) FROM outrider.leads WHERE status = 'enriched'") == 20)
    assert (domains.calls.total(), plans.do(credits.balance)) == (20, 0)


def test_a_mail_that_the_server_refused_for_now_is_given_back(
    plans: Plans, outreach: Outreach
) -> None:
    plans.have(mails_month=1)
    enrolled = outreach.enroll()
    outreach.sender.answer = lambda _: Transient("421 later")
    job = outreach.send(enrolled.id)
    assert plans.used() == 0
    outreach.sender.answer = takes_all
    outreach.attempt(job)
    assert (len(outreach.sender.sent), plans.used()) == (1, 1)


def test_a_mail_that_a_person_says_was_not_sent_is_given_back(
    plans: Plans, outreach: Outreach
) -> None:
    plans.have(mails_month=1)
    outreach.sender.answer = lambda _: Unanswered("the line went dead")
    enrolled = outreach.enroll()
    job = outreach.send(enrolled.id)
    assert (outreach.bench.state(job), plans.used()) == ((JobState.PARKED, 1), 1)
    [(key,)] = plans.peek("SELECT key FROM outrider.effects")
    settle(
        plans.database, plans.tenant, key, happened=False, operator="me", reason="it is in no log"
    )
    assert plans.used() == 0
    outreach.sender.answer = takes_all
    outreach.attempt(job)
    assert plans.used() == 1


def test_a_look_up_that_fails_for_good_costs_nothing(
    plans: Plans, bench: Bench, domains: FakeDomains
) -> None:
    plans.have(credits_month=3)
    domains.answer = lambda _: Permanent("the proxy refuses us")
    assert bench.state(_enrich(bench, "ada@acme.test")) == (JobOutcome.DEAD, 1)
    assert plans.do(credits.balance) == 3


def test_a_lead_beyond_the_plans_contacts_is_kept_and_waits_for_room(
    plans: Plans, outreach: Outreach, domains: FakeDomains
) -> None:
    plans.have(contacts=1)
    assert outreach.bench.state(_enrich(outreach.bench, "a@a.test")) == (JobOutcome.DONE, 1)
    job = _enrich(outreach.bench, "b@b.test")
    assert outreach.bench.state(job) == (JobState.DELAYED, 0)
    assert domains.calls.total() == 1
    plans.have(contacts=2)
    assert plans.do(quotas.wake) == 1
    outreach.attempt(job, EnrichLead.name)
    assert outreach.bench.state(job) == (JobOutcome.DONE, 1)


def test_credits_come_with_the_month_to_every_tenant_that_pays(
    plans: Plans, bench: Bench, at: Callable[[datetime], None]
) -> None:
    at(datetime(2026, 11, 30, 23, tzinfo=UTC))
    plans.have(credits_month=5)
    plans.take("a", meter=Meter.LOOKUPS, quantity=5)
    at(datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    renew = registered()[RenewCredits.name]
    house = replace(bench, tenant=None)  # pyright: ignore[reportArgumentType]  (the house's own jobs)
    for _ in "ab":
        [job_id] = enqueue(plans.database, None, RenewCredits())
        house.attempt(renew, job_id)
        assert plans.do(credits.balance) == 5
    plans.bill(SubscriptionStatus.PAST_DUE)
    at(datetime(2027, 1, 1, 0, 1, tzinfo=UTC))
    assert plans.do(credits.renew) == 0
