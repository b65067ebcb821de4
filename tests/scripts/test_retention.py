"""`outrider retention`: what holds, for whom, and forgetting now."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from schemas.retention import POLICIES
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]


def test_a_term_is_shown_set_and_taken_back(
    outrider: Outrider, tenant: UUID, peek: Callable[..., list[tuple[Any, ...]]]
) -> None:
    def shown() -> dict[str, tuple[Any, Any]]:
        told = outrider("retention", "show", "--tenant", "acme", "--json").json()
        return {one["what"]: (one["days"], one["set_by"]) for one in told}

    assert shown() == {what: (policy.days, "the house") for what, policy in POLICIES.items()}
    order = ("retention", "set", "raw_mails")
    assert outrider(*order, "30", "--tenant", "acme", "--reason", "contract").code == 0
    assert shown()["raw_mails"][0] == 30
    assert outrider(*order, "forever", "--tenant", "acme", "--reason", "court").code == 0
    assert shown()["raw_mails"][0] is None
    assert outrider(*order, "default", "--tenant", "acme", "--reason", "over").code == 0
    assert shown()["raw_mails"] == (POLICIES["raw_mails"].days, "the house")
    assert peek("SELECT reason, details ->> 'days' FROM outrider.audit_logs ORDER BY created_at") == [
        ("contract", "30"), ("court", "forever"), ("over", "default")]  # fmt: skip
    assert "Nothing is over its term" in outrider("retention", "run").out


@pytest.mark.parametrize(("what", "days", "said"), [
    ("mail", "30", "what: there is no 'mail'; there are raw_mails"),
    ("audit", "0", "days: '0' is neither a number from 1 to 36500 nor forever or default."),
    ("audit", "-5", "No such option"),
    ("audit", "soon", "days: 'soon' is neither"),
])  # fmt: skip
def test_a_wrong_term_is_named_and_changes_nothing(
    outrider: Outrider, tenant: UUID, peek: Callable[..., list[tuple[Any, ...]]], what: str, days: str, said: str
) -> None:  # fmt: skip
    answer = outrider("retention", "set", what, days, "--tenant", "acme", "--reason", "r")
    assert answer.code != 0
    assert said in answer.err
    assert peek("SELECT count(*) FROM outrider.retention_rules") == [(0,)]
