"""Quotas: what is taken at once, counted once, given back once, and warned of once."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import LiteralString

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database, credits, invariants, quotas, usage
from db.invariants_usage import USAGE
from db.plans import hindrance, room
from db.quotas import Refused, Taken
from schemas.enums import CreditKind, Meter, SubscriptionStatus
from tests.factories import LEASE, capture
from tests.fix_plans import Plans, counted

At = Callable[[datetime], None]
NOVEMBER = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_of_240_racing_takes_of_100_exactly_100_are_taken(plans: Plans) -> None:
    plans.have(mails_month=100)
    answers = plans.race(f"k{number}" for number in range(240))
    assert counted(answers) == plans.used() == 100
    assert sum(isinstance(answer, Taken) and answer.warned for answer in answers) == 1


def test_a_key_counts_once_however_many_race_for_it(plans: Plans) -> None:
    plans.have(mails_month=3)
    answers = plans.race(f"k{number % 3}" for number in range(60))
    assert counted(answers) == plans.used() == 3
    assert all(isinstance(answer, Taken) for answer in answers)


def test_who_is_refused_is_told_why_and_until_when(plans: Plans, at: At) -> None:
    at(NOVEMBER)
    plans.have(mails_month=1)
    plans.take("a")
    december = datetime(2026, 12, 1, tzinfo=UTC)
    assert plans.take("b") == Refused("the plan's 1 mails of November are sent", 1, 1, december)
    at(december)
    assert isinstance(plans.take("b"), Taken)


def test_what_is_given_back_is_given_back_once_and_may_be_taken_again(plans: Plans) -> None:
    plans.have(mails_month=1)
    assert not plans.refund("a")
    assert [isinstance(plans.take(key), Taken) for key in "ab"] == [True, False]
    assert [plans.refund("a"), plans.refund("a")] == [True, False]
    assert plans.used() == 0
    assert [isinstance(plans.take(key), Taken) for key in "ba"] == [True, False]


def test_a_mail_of_last_month_is_given_back_to_last_month(plans: Plans, at: At) -> None:
    at(NOVEMBER)
    plans.have(mails_month=5)
    plans.take("old")
    at(datetime(2026, 12, 1, tzinfo=UTC))
    plans.take("new")
    assert plans.refund("old")
    assert plans.peek("SELECT period_start, quantity FROM outrider.usage_counters ORDER BY 1") == [
        (date(2026, 11, 1), 0), (date(2026, 12, 1), 1)]  # fmt: skip


def test_a_transaction_that_fails_took_nothing(plans: Plans, database: Database) -> None:
    plans.have(mails_month=5)
    with pytest.raises(KeyError), database.tenant(plans.tenant) as tx:
        quotas.take(tx, Meter.MAILS, 1, key="a")
        raise KeyError
    assert plans.peek("SELECT 1 FROM outrider.usage_events") == []


def test_one_warning_at_80_percent_even_when_the_border_is_crossed_twice(plans: Plans) -> None:
    plans.have(mails_month=5)
    plans.race("abc")
    warned = plans.take("d")
    assert isinstance(warned, Taken)
    assert (warned.used, warned.allowed, warned.warned) == (4, 5, True)
    plans.refund("d")
    assert plans.take("d") == Taken(4, 5, warned.month, warned=False, known=False)


def test_without_a_subscription_nothing_is_limited_and_nobody_waits(plans: Plans) -> None:
    assert counted(plans.race(f"k{number}" for number in range(16))) == 16
    assert plans.take("k1") == Taken(
        None, None, plans.do(usage.this_month), warned=False, known=True
    )
    assert plans.peek("SELECT 1 FROM outrider.usage_counters") == []
    told = plans.do(lambda tx: usage.list_month(tx, usage.this_month(tx)))
    assert [(one.what, one.used, one.allowed) for one in told if one.used] == [("mails", 16, None)]


def test_a_plan_that_comes_later_counts_what_was_used_before(plans: Plans) -> None:
    plans.race("abc")
    plans.have(mails_month=4)
    assert counted([plans.take(key) for key in "def"]) == plans.used() - 3 == 1
    plans.have(mails_month=5)
    assert counted([plans.take(key) for key in "ef"]) == 1
    assert plans.used() == 5


@pytest.mark.parametrize("status", ["past_due", "cancelled", "paused"])
def test_who_does_not_pay_takes_nothing_and_what_was_taken_stays(plans: Plans, status: str) -> None:
    plans.have(mails_month=5)
    plans.take("a")
    plans.bill(SubscriptionStatus(status))
    refused = plans.take("b")
    assert isinstance(refused, Refused)
    assert (refused.because, refused.resets_at) == (f"billing is {status.replace('_', ' ')}", None)
    assert isinstance(plans.take("a"), Taken)
    plans.bill(SubscriptionStatus.ACTIVE)
    assert isinstance(plans.take("b"), Taken)


def test_twenty_spenders_at_once_never_make_a_balance_negative(plans: Plans) -> None:
    plans.have(credits_month=7)
    answers = plans.race((f"k{number}" for number in range(20)), meter=Meter.LOOKUPS)
    assert counted(answers) == 7
    assert plans.do(credits.balance) == 0
    assert plans.ask("SELECT min(balance_after) FROM outrider.credit_transactions") == 0


def test_a_look_up_that_failed_gives_its_credit_back_and_costs_one_when_it_is_made_again(
    plans: Plans,
) -> None:
    plans.have(credits_month=2)
    for _ in range(3):
        assert isinstance(plans.take("a", meter=Meter.LOOKUPS), Taken)
        assert isinstance(plans.take("a", meter=Meter.LOOKUPS), Taken)
        assert plans.do(credits.balance) == 1
        assert plans.refund("a", meter=Meter.LOOKUPS)
        assert not plans.refund("a", meter=Meter.LOOKUPS)
        assert plans.do(credits.balance) == 2


def test_the_months_credits_come_once_and_what_is_left_of_them_goes(plans: Plans, at: At) -> None:
    at(NOVEMBER)
    plans.have(credits_month=10)
    plans.do(lambda tx: credits.grant(tx, 5, reason="a gift"))
    plans.take("a", meter=Meter.LOOKUPS, quantity=4)
    assert plans.do(credits.renew) == 0
    at(datetime(2026, 12, 1, tzinfo=UTC))
    assert plans.do(credits.renew) == 10
    assert plans.do(credits.balance) == 15  # 6 of the plan expired, the gift stays
    assert [line.kind for line in plans.do(lambda tx: credits.list_latest(tx, limit=2))] == [
        CreditKind.GRANT, CreditKind.EXPIRE]  # fmt: skip
    plans.take("b", meter=Meter.AI_CREDITS, quantity=12)  # all of the plan's, and two of the gift
    at(datetime(2027, 1, 1, tzinfo=UTC))
    plans.take("c", meter=Meter.LOOKUPS, quantity=4)  # more than is left: the month is begun for it
    assert plans.do(credits.balance) == 9


def test_a_gift_changes_neither_what_was_spent_nor_when_that_is_warned_of(
    plans: Plans, at: At
) -> None:
    def line() -> tuple[int, int | None, bool]:
        told = plans.do(lambda tx: usage.list_month(tx, usage.this_month(tx)))
        [one] = [one for one in told if one.what == "credits"]
        return one.used, one.percent, one.warned_at is not None

    def spend(key: str, quantity: int) -> tuple[int | None, bool]:
        taken = plans.take(key, meter=Meter.LOOKUPS, quantity=quantity)
        assert isinstance(taken, Taken)
        return taken.used, taken.warned

    at(NOVEMBER)
    plans.have(credits_month=10)
    assert spend("a", 7) == (7, False)
    plans.do(lambda tx: credits.grant(tx, 10, reason="a gift"))
    assert (line(), plans.do(credits.balance)) == ((7, 70, False), 13)
    assert [spend("b", 1), spend("c", 1)] == [(8, True), (9, False)]
    plans.refund("c", meter=Meter.LOOKUPS)
    assert spend("d", 4) == (12, False)  # more than the plan gives: the gift's
    assert line() == (12, 120, True)
    at(datetime(2026, 12, 1, tzinfo=UTC))
    assert line() == (0, 0, False)
    plans.refund("b", meter=Meter.LOOKUPS)  # goes back to November
    assert [spend("e", 7), spend("f", 1)] == [(7, False), (8, True)]
    november = plans.do(lambda tx: usage.list_month(tx, date(2026, 11, 1)))
    assert [one.used for one in november if one.what == "credits"] == [11]


def test_an_upgrade_brings_the_rest_of_the_bigger_plans_credits(plans: Plans) -> None:
    plans.have(credits_month=10)
    plans.have(credits_month=25)
    plans.have(credits_month=10)
    assert plans.do(credits.balance) == 25


def test_credits_that_were_granted_under_a_key_are_granted_once(plans: Plans) -> None:
    done = [plans.do(lambda tx: credits.grant(tx, 5, reason="r", key="invoice 7")) for _ in "ab"]
    assert [(one.booked, one.balance) for one in done] == [(True, 5), (False, 5)]


def test_the_first_contacts_of_a_plan_are_served_and_the_others_wait(
    plans: Plans, database: Database
) -> None:
    with database.tenant(plans.tenant) as tx:
        people = [capture(tx, f"p{number}@x.test") for number in range(3)]
    assert plans.do(room) is None
    plans.have(contacts=2)
    assert plans.do(room) == 0
    told = [plans.do(lambda tx, lead=lead: hindrance(tx, lead)) for lead in people]
    assert told == [None, None, "the plan's 2 contacts are held; this one is kept and waits"]
    plans.peek("UPDATE outrider.leads SET deleted_at = now() WHERE id = %s", people[0])
    assert plans.do(lambda tx: hindrance(tx, people[2])) is None
    plans.have(contacts=5)
    assert plans.do(room) == 3


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=st.lists(st.tuples(st.sampled_from("tr"), st.integers(0, 4)), min_size=1, max_size=12))
def test_the_counter_is_what_a_set_of_keys_would_say(
    plans: Plans, deeds: list[tuple[str, int]]
) -> None:
    plans.peek("DELETE FROM outrider.usage_events")
    plans.peek("DELETE FROM outrider.usage_counters")
    plans.have(mails_month=3)
    held: set[int] = set()
    for deed, number in deeds:
        if deed == "t":
            may = number in held or len(held) < 3
            assert isinstance(plans.take(str(number)), Taken) is may
            held |= {number} if may else set()
        else:
            assert plans.refund(str(number)) is (number in held)
            held -= {number}
        assert plans.peek("SELECT quantity FROM outrider.usage_counters") in ([(len(held),)], [])


PLANTED: list[tuple[str, LiteralString]] = [
    ("usage.sum", "UPDATE outrider.usage_counters SET quantity = 2"),
    ("usage.sum", "UPDATE outrider.usage_events SET refunded_at = now()"),
    ("credits.balance", "UPDATE outrider.credit_accounts SET balance = 9"),
    ("credits.balance", "UPDATE outrider.credit_transactions SET credits = 4 WHERE entry = 2"),
    ("credits.balance", "DELETE FROM outrider.credit_transactions WHERE entry = 1"),
    (
        "credits.balance",
        "UPDATE outrider.credit_accounts SET spent = 1, spent_in = outrider.this_month()",
    ),
]


def test_every_invariant_has_a_violation_here() -> None:
    assert {name for name, _ in PLANTED} == set(USAGE)


@pytest.mark.parametrize(
    ("name", "deed"), PLANTED, ids=[f"{n}-{i}" for i, (n, _) in enumerate(PLANTED)]
)
def test_a_planted_violation_is_named_with_its_culprit(
    plans: Plans, database: Database, sick: list[str], name: str, deed: LiteralString
) -> None:
    plans.have(mails_month=5)
    plans.take("a")
    for number in (5, 6):
        plans.do(lambda tx, n=number: credits.grant(tx, n, reason="r"))
    assert _check(database) == []
    plans.peek(deed)
    sick.append(name)
    assert _check(database) == [(name, f"tenant {plans.tenant}")]


def _check(database: Database) -> list[tuple[str, str]]:
    with database.hat("operator") as tx:
        found = invariants.check(tx, lease=LEASE)
    return [(one.invariant, one.subject) for one in found]
