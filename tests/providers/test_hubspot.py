"""HubSpot's contract, from our side: what each answer means, and that nothing is there twice."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.hubspot import HubSpot
from schemas.contacts import Contact, Outcome
from schemas.errors import NeedsReauth, Permanent, RateLimited, Transient
from tests.fix_crm import KEYRING, TOKEN, Portal, our_side, portal_with
from tests.providers.canned import Canned, CannedWeb

Portals = Callable[..., Portal]


def contact(number: int, **properties: str) -> Contact:
    email = f"p{number}@firm.example"
    return Contact(key=f"key-{number}", email=email, properties={"firstname": "Ada", **properties})


def canned(*answers: Canned | Exception) -> tuple[HubSpot, list[httpx2.Request]]:
    """Our side against fixed answers, the last one for ever."""
    left, asked = list(answers), list[httpx2.Request]()

    def say(request: httpx2.Request) -> Canned | Exception:
        asked.append(request)
        return left.pop(0) if len(left) > 1 else left[0]

    client = httpx2.Client(transport=CannedWeb(say))
    return HubSpot(KEYRING, client, client), asked


def answer(status: int, body: object, **headers: str) -> Canned:
    return Canned(status, {name.replace("_", "-"): v for name, v in headers.items()}, json.dumps(body).encode())  # fmt: skip


def test_a_contact_is_created_once_and_then_updated(portal: Portals, ours: HubSpot) -> None:
    there = portal()
    [first] = ours.upsert(there.account(), [contact(1)])
    [second] = ours.upsert(there.account(), [contact(1, company="Firm")])
    assert (first.state, second.state) == ("created", "updated")
    assert first.remote_id == second.remote_id
    assert there.contacts()["p1@firm.example"]["company"] == "Firm"
    assert [line["trace"] for line in there.lines()] == ["key-1", "key-1"]


def test_outcomes_come_in_our_order_though_answers_do_not(portal: Portals, ours: HubSpot) -> None:
    there = portal()
    contacts = [contact(n) for n in range(60)]
    outcomes = ours.upsert(there.account(), contacts)
    assert [one.key for one in outcomes] == [one.key for one in contacts]
    for sent, outcome in zip(contacts, outcomes, strict=True):
        assert there.api.store.contacts[sent.email].id == outcome.remote_id


def test_more_than_a_hundred_go_in_several_requests(portal: Portals, ours: HubSpot) -> None:
    there = portal()
    assert len(ours.upsert(there.account(), [contact(n) for n in range(250)])) == 250
    assert there.statuses() == [200, 200, 200]


def test_the_address_is_sent_in_lower_case_and_found_again(portal: Portals, ours: HubSpot) -> None:
    there = portal()
    shouted = Contact(key="k", email="Ada@Firm.Example", properties={})
    assert ours.upsert(there.account(), [shouted])[0].state == "created"
    assert list(there.contacts()) == ["ada@firm.example"]


def test_an_empty_text_clears(portal: Portals, ours: HubSpot) -> None:
    there = portal()
    ours.upsert(there.account(), [contact(1, phone="1")])
    ours.upsert(there.account(), [contact(1, phone="")])
    assert there.contacts()["p1@firm.example"]["phone"] == ""


def test_what_is_wrong_with_one_contact_is_that_contacts_outcome(
    portal: Portals, ours: HubSpot
) -> None:
    there = portal()
    bad = contact(2, outrider_score="many")
    one, two, three = ours.upsert(there.account(), [contact(1), bad, contact(3)])
    assert (one.state, two.state, three.state) == ("created", "failed", "created")
    assert (two.error_code, two.again) == ("INVALID_LONG", False)
    assert two.error
    assert "outrider_score" in two.error
    assert there.statuses() == [207]


def test_a_refused_batch_is_halved_until_the_culprit_stands_alone(
    portal: Portals, ours: HubSpot
) -> None:
    there = portal()
    contacts = [contact(n, **({"shoe_size": "44"} if n == 37 else {})) for n in range(100)]
    outcomes = ours.upsert(there.account(), contacts)
    failed = [one for one in outcomes if one.state == "failed"]
    assert [(one.key, one.error_code, one.again) for one in failed] == [
        ("key-37", "PROPERTY_DOESNT_EXIST", False)
    ]
    assert len(there.contacts()) == 99
    assert len(there.statuses()) < 16


def test_when_all_are_refused_the_rest_is_put_off(portal: Portals, ours: HubSpot) -> None:
    there = portal()
    outcomes = ours.upsert(there.account(), [contact(n, shoe_size="4") for n in range(100)])
    codes = {one.error_code: one.again for one in outcomes}
    assert codes == {"PROPERTY_DOESNT_EXIST": False, "put_off": True}
    assert len(there.statuses()) == 60


def test_a_contact_that_no_list_mentions_is_missing_and_may_be_sent_again(
    portal: Portals, ours: HubSpot
) -> None:
    there = portal(missing=1)
    outcomes = ours.upsert(there.account(), [contact(n) for n in range(5)])
    [missing] = [one for one in outcomes if one.state == "failed"]
    assert (missing.error_code, missing.again) == ("missing_answer", True)
    assert len(there.contacts()) == 5


def test_a_lost_answer_leaves_one_contact(portal: Portals, ours: HubSpot) -> None:
    there = portal(lost=2)
    for _ in range(4):
        assert ours.upsert(there.account(), [contact(1)])[0].state in {"created", "updated"}
    assert len(there.contacts()) == 1
    assert [line["was_new"] for line in there.lines()].count(True) == 1
    assert [line["answered"] for line in there.lines()].count(False) == 3


def test_an_answer_that_is_always_lost_is_transient(portal: Portals, ours: HubSpot) -> None:
    there = portal(lost=1)
    with pytest.raises(Transient, match="the connection broke") as raised:
        ours.upsert(there.account(), [contact(1)])
    assert type(raised.value) is Transient
    assert len(there.contacts()) == 1


def test_a_revoked_token_asks_for_another_one(portal: Portals, ours: HubSpot) -> None:
    with pytest.raises(NeedsReauth, match="INVALID_AUTHENTICATION") as raised:
        ours.upsert(portal().account("pat-old"), [contact(1)])
    assert "pat-old" not in str(raised.value)


def test_a_token_sealed_for_another_connection_does_not_open(
    portal: Portals, ours: HubSpot
) -> None:
    good = portal().account()
    purpose = replace(good.secret.purpose, owner_type="mailbox")
    with pytest.raises(Transient, match="cannot be opened"):  # a key may come back, a batch may not
        ours.upsert(replace(good, secret=replace(good.secret, purpose=purpose)), [contact(1)])


@pytest.mark.parametrize("url", ["http://crm.example", "ftp://127.0.0.1", "http://127.0.0.1.x.example"])  # fmt: skip
def test_a_token_goes_to_nobody_without_tls(portal: Portals, ours: HubSpot, url: str) -> None:
    with pytest.raises(Permanent, match="is not HTTPS"):
        ours.upsert(replace(portal().account(), base_url=url), [contact(1)])


def test_the_limit_is_obeyed_before_it_is_hit(portal: Portals, ours: HubSpot) -> None:
    there = portal(limit=2, interval_ms=60_000)
    ours.upsert(there.account(), [contact(1)])
    ours.upsert(there.account(), [contact(2)])
    with pytest.raises(RateLimited) as raised:
        ours.upsert(there.account(), [contact(3)])
    assert timedelta(seconds=50) < raised.value.retry_after <= timedelta(seconds=60)
    assert there.statuses() == [200, 200], "nobody asked a third time"


_429 = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}
_INTERVAL = {"x_hubspot_ratelimit_interval_milliseconds": "7000"}


@pytest.mark.parametrize(
    ("said", "error", "wait"),
    [
        (answer(429, _429, **_INTERVAL), RateLimited, timedelta(seconds=7)),
        (answer(429, _429), RateLimited, timedelta(seconds=10)),
        (answer(429, _429, retry_after="3"), RateLimited, timedelta(seconds=3)),
        (answer(429, {"policyName": "DAILY"}, **_INTERVAL), RateLimited, timedelta(hours=1)),
        (answer(429, "nonsense"), RateLimited, timedelta(seconds=10)),
        (answer(403, {"category": "MISSING_SCOPES"}), NeedsReauth, None),
        (answer(404, {}), Permanent, None),
        (answer(301, {}), Permanent, None),
        (answer(423, {}), Transient, None),
        (answer(502, {}), Transient, None),
        (answer(200, ["not", "the", "contract"]), Transient, None),
        (httpx2.ReadTimeout("late"), Transient, None),
        (httpx2.ConnectError("refused"), Transient, None),
    ],
)  # fmt: skip
def test_trouble_becomes_the_word_that_says_what_to_do_next(
    portal: Portals, said: Canned | Exception, error: type[Exception], wait: timedelta | None
) -> None:
    ours, asked = canned(said)
    with pytest.raises(error) as raised:
        ours.upsert(portal().account(), [contact(1)])
    assert TOKEN not in str(raised.value)
    assert asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    if isinstance(raised.value, RateLimited):
        assert raised.value.retry_after == wait


def test_a_result_without_a_trace_is_found_by_its_address(portal: Portals) -> None:
    results = [{"id": "7", "new": True, "properties": {"email": f"P{n}@firm.example"}} for n in (2, 1)]  # fmt: skip
    ours, _ = canned(answer(200, {"results": results}))
    outcomes = ours.upsert(portal().account(), [contact(1), contact(2)])
    assert [one.state for one in outcomes] == ["created", "created"]


def test_a_long_text_of_theirs_is_cut(portal: Portals) -> None:
    ours, _ = canned(answer(400, {"category": "VALIDATION_ERROR", "message": "x" * 5000}))
    [outcome] = ours.upsert(portal().account(), [contact(1)])
    assert outcome == Outcome(key="key-1", state="failed", error_code="VALIDATION_ERROR", error="x" * 500)  # fmt: skip


def test_reading_gives_the_fields_that_hold_something(portal: Portals, ours: HubSpot) -> None:
    there = portal()
    ours.upsert(there.account(), [contact(1, phone="1", country="")])
    emails = ["P1@firm.example", "nobody@firm.example"]
    [found] = ours.read(there.account(), emails, ["phone", "country", "company"])
    assert (found.email, found.properties) == (
        "p1@firm.example", {"email": "p1@firm.example", "phone": "1"})  # fmt: skip


def test_the_fields_are_those_that_may_be_written(portal: Portals, ours: HubSpot) -> None:
    fields = ours.fields(portal().account())
    assert {"email", "hs_lead_status", "outrider_score"} <= fields
    assert "createdate" not in fields


people = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["a", "b", "c"])), min_size=1, max_size=25,
    unique_by=lambda one: one[0],
)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(
    batches=st.lists(people, min_size=1, max_size=4),
    traps=st.fixed_dictionaries(
        {name: st.sampled_from([0, 2, 3]) for name in ("lost", "throttle", "broken", "partial", "missing")}
    ),
)  # fmt: skip
def test_whatever_the_trouble_states_converge_and_nobody_is_there_twice(
    batches: list[list[tuple[int, str]]], traps: dict[str, int]
) -> None:
    wanted: dict[str, str] = {}
    with portal_with(**traps) as there, our_side() as ours:
        for batch in batches:
            left = [contact(number, company=company) for number, company in batch]
            wanted |= {one.email: one.properties["company"] for one in left}
            for _ in range(60):
                left = _unconfirmed(ours, there, left)
                if not left:
                    break
            assert not left
        assert {email: p["company"] for email, p in there.contacts().items()} == wanted
        news = [line["email"] for line in there.lines() if line["was_new"]]
        assert sorted(news) == sorted(wanted)


def _unconfirmed(ours: HubSpot, there: Portal, contacts: list[Contact]) -> list[Contact]:
    try:
        outcomes = ours.upsert(there.account(), contacts)
    except Transient:
        return contacts
    failed = {one.key for one in outcomes if one.state == "failed"}
    assert all(one.again for one in outcomes if one.state == "failed")
    return [one for one in contacts if one.key in failed]
