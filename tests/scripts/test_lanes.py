"""`outrider lanes`: what an operator says of a lane holds at once, and is written down."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import Database
from schemas.errors import Permanent
from schemas.jobs import ReadMailbox, SendStep
from scripts.moments import read_rate
from tests.factories import enqueue, pick
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]
Peek = Callable[..., list[tuple[Any, ...]]]
BOX = UUID(int=7)
LANE = ("--actor", "mailbox.read", "--tenant", "acme", "--key", f"mailbox:{BOX}")
WHY = ("--reason", "the server asked us to")


def waiting(database: Database, tenant: UUID, count: int = 1) -> list[int]:
    return enqueue(database, tenant, *[ReadMailbox(mailbox_id=BOX)] * count)


def test_a_lane_can_be_limited_paused_and_opened_again(
    outrider: Outrider, database: Database, tenant: UUID, peek: Peek
) -> None:
    waiting(database, tenant, 3)
    said = outrider("lanes", "set", *LANE, *WHY, "--rate", "1/90s", "--max-running", "2")
    assert (said.code, said.out) == (0, f"acme mailbox.read mailbox:{BOX} is limited as said.\n")
    assert outrider("lanes", "pause", *LANE, *WHY).out.endswith("is now paused.\n")
    assert pick(database, "mailbox.read") == []
    assert outrider("lanes", "pause", *LANE, *WHY).out.endswith("is already paused.\n")
    [lane] = outrider("lanes", "list", "--json").json()
    assert (lane["state"], lane["ready"], lane["max_running"], lane["pause_reason"]) == (
        "paused", 3, 2, "the server asked us to")  # fmt: skip
    assert outrider("lanes", "resume", *LANE, *WHY).out.endswith("is open again.\n")
    assert len(pick(database, "mailbox.read")) == 1  # 1/90s
    assert outrider("lanes", "set", *LANE, *WHY, "--default").code == 0
    assert len(pick(database, "mailbox.read")) == 2
    assert peek("SELECT action FROM outrider.audit_logs ORDER BY created_at") == [
        (word,) for word in ("set", "pause", "pause", "resume", "set")]  # fmt: skip


def test_a_tenant_can_be_given_a_larger_share(outrider: Outrider, tenant: UUID, peek: Peek) -> None:
    assert (
        outrider("lanes", "weigh", "2.5", "--tenant", "acme", *WHY).out
        == "acme now has weight 2.5.\n"
    )
    assert peek("SELECT tenant_id, weight FROM outrider.shares") == [(tenant, 2.5)]


def test_a_paused_actor_has_its_tickets_taken_back(
    outrider: Outrider, database: Database, tenant: UUID, peek: Peek
) -> None:
    ids = waiting(database, tenant)
    assert pick(database, "mailbox.read") == ids
    assert outrider("pause", "--actor", "mailbox.read", *WHY).code == 0
    assert peek("SELECT state FROM outrider.jobs") == [("ready",)]
    assert pick(database, "mailbox.read") == []


@pytest.mark.parametrize(("wrong", "told"), [
    (("lanes", "set", "--actor", "nobody", *WHY), "--actor: there is no 'nobody'"),
    (("lanes", "set", *LANE, *WHY, "--rate", "fast"), "--rate: 'fast' is not like 30/m"),
    (("lanes", "set", *LANE, *WHY, "--weight", "0"), "--weight: 0.0 is not above 0"),
    (("lanes", "weigh", "1000", "--tenant", "acme", *WHY), "weight: 1000.0 is not between"),
    (("lanes", "pause", "--actor", "mailbox.read", "--tenant", "nowhere", *WHY), "nowhere"),
])  # fmt: skip
def test_wrong_input_is_named_and_changes_nothing(
    outrider: Outrider, tenant: UUID, peek: Peek, wrong: tuple[str, ...], told: str
) -> None:
    assert tenant
    said = outrider(*wrong)
    assert said.code != 0
    assert told in said.err
    assert peek("SELECT count(*) FROM outrider.lanes") == [(0,)]


@given(count=st.integers(1, 10_000), each=st.integers(1, 999), unit=st.sampled_from("smhd"))
def test_a_rate_is_the_time_between_two_starts(count: int, each: int, unit: str) -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] * each
    assert abs(read_rate(f"{count}/{each}{unit}") - timedelta(seconds=seconds / count)) < timedelta(
        microseconds=2
    )


@pytest.mark.parametrize("text", ["", "0/s", "1/0s", "5", "5/x", "-1/s", "1/s/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(Permanent):
        read_rate(text)


def test_a_step_waits_in_the_lane_of_its_mailbox() -> None:
    assert SendStep(step_id=BOX, epoch=1, mailbox_id=BOX).lane() == f"mailbox:{BOX}"
    assert SendStep(step_id=BOX, epoch=1).lane() == ""  # queued by the version before
