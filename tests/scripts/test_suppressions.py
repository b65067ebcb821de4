"""`outrider suppress`, and `campaign stop`: an operator's word ends what is under way."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.enums import EnrollmentStatus, SuppressionReason
from tests.fix_outreach import Outreach
from tests.scripts.conftest import Said
from tests.workers.inbox import suppressed

Outrider = Callable[..., Said]
WHY = ("--tenant", "acme", "--reason", "told by phone")


def test_a_suppressed_address_is_stopped_and_never_written_to(
    outrider: Outrider, outreach: Outreach
) -> None:
    bob = outreach.enroll("bob@example.test")
    said = outrider("suppress", "add", "Bob@Example.TEST", *WHY, "--because", "unsubscribe")
    assert (said.code, said.out) == (
        0,
        "Bob@example.test is now suppressed; 1 sequences stopped.\n",
    )
    assert suppressed(outreach, "bob@example.test") is SuppressionReason.UNSUBSCRIBE
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.STOPPED
    assert outreach.status_of(bob.lead_id) == "unsubscribed"
    assert "already" in outrider("suppress", "add", "bob@example.test", *WHY).out
    assert outrider("suppress", "release", "bob@example.test", *WHY).code == 0
    assert suppressed(outreach, "bob@example.test") is None


def test_a_domain_is_suppressed_whole(outrider: Outrider, outreach: Outreach) -> None:
    assert outrider("suppress", "add", "Example.test", *WHY).code == 0
    assert suppressed(outreach, "anybody@example.test") is SuppressionReason.MANUAL


@pytest.mark.parametrize("value", ["not an address@", "no domain"])
def test_what_is_neither_is_named(outrider: Outrider, outreach: Outreach, value: str) -> None:
    said = outrider("suppress", "add", value, *WHY)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("value: ")


def test_an_operator_may_stop_what_nothing_else_would_move(
    outrider: Outrider, outreach: Outreach, peek: Callable[..., list[tuple[Any, ...]]]
) -> None:
    bob = outreach.enroll("bob@example.test")
    assert outrider("campaign", "stop", "bob@example.test", *WHY).code == 0
    assert outreach.enrollment(bob.id).stop_reason == "operator"
    assert "in no sequence" in outrider("campaign", "stop", "bob@example.test", *WHY).err
    assert peek("SELECT reason FROM outrider.audit_logs WHERE action = 'stop'") == [
        ("told by phone",)
    ]
