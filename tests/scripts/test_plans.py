"""`outrider plans | tenants plan | tenants billing | usage | credits`: what an operator sees and says."""

from collections.abc import Callable
from typing import Any

from schemas.enums import Meter
from tests.fix_outreach import Outreach
from tests.fix_plans import Plans
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]


def used(outrider: Outrider, *more: str) -> dict[str, dict[str, Any]]:
    told = outrider("usage", "acme", "--json", *more).json()["usage"]
    return {line["what"]: line for line in told}


def test_the_catalogue_has_the_limits_of_the_plans(outrider: Outrider, plans: Plans) -> None:
    listed = {plan["code"]: plan for plan in outrider("plans", "list", "--json").json()}
    limits = [(p["mails_month"], p["credits_month"], p["contacts"]) for p in listed.values()]
    assert list(listed) == ["self_hosted", "starter", "growth", "scale"]
    assert limits == [
        (None, None, None),
        (2000, 1000, 1000),
        (15000, 6000, 10000),
        (40000, 20000, 50000),
    ]
    assert outrider("plans", "show", "growth", "--json").json() == listed["growth"]
    assert outrider("plans", "show", "gold").err == "There is no plan gold.\n"


def test_a_tenant_is_given_a_plan_and_its_use_is_shown(outrider: Outrider, plans: Plans) -> None:
    assert used(outrider)["mails"]["allowed"] is None
    said = outrider("tenants", "plan", "acme", "starter", "--reason", "signed")
    assert (said.code, said.out) == (
        0, "acme has the plan Starter; 1000 credits granted, 0 waiting jobs go on.\n")  # fmt: skip
    plans.take("a", quantity=1600)
    plans.take("b", meter=Meter.LOOKUPS, quantity=250)
    told = used(outrider)
    assert (told["mails"]["used"], told["mails"]["allowed"], told["mails"]["percent"]) == (
        1600,
        2000,
        80,
    )
    assert told["mails"]["warned_at"]
    assert (told["credits"]["used"], told["credits"]["percent"], told["lookups"]["used"]) == (
        250,
        25,
        250,
    )
    assert outrider("usage", "acme", "--json").json()["credits_left"] == 750
    assert outrider("usage", "acme").out.startswith("acme: Starter, active; 20")
    assert used(outrider, "--month", "2020-01")["mails"]["used"] == 0
    assert "--month" in outrider("usage", "acme", "--month", "2020-13").err
    assert plans.peek("SELECT action, reason, details FROM outrider.audit_logs") == [
        ("plan", "signed", {"from": "self_hosted", "to": "starter"})]  # fmt: skip
    assert outrider("tenants", "plan", "acme", "gold").code == 1


def test_who_pays_again_goes_on_at_once(
    outrider: Outrider, plans: Plans, outreach: Outreach
) -> None:
    assert (
        "no subscription" in outrider("tenants", "billing", "acme", "past_due", "--reason", "r").err
    )
    plans.have(mails_month=5, credits_month=5)
    enrolled = outreach.enroll()
    assert outrider("tenants", "billing", "acme", "past_due", "--reason", "bounced").code == 0
    outreach.send(enrolled.id)
    said = outrider("tenants", "billing", "acme", "paused", "--reason", "a holiday")
    assert said.out == "acme was past_due and is paused; 0 credits granted, 0 waiting jobs go on.\n"
    status = outrider("campaign", "status", "autumn", "--tenant", "acme", "--json").json()
    assert status["waits_for_plan"] == [{"because": "plan: billing is past due", "steps": 1}]
    assert (
        "1 mails wait. plan: billing is past due"
        in outrider("campaign", "status", "autumn", "--tenant", "acme").out
    )
    said = outrider("tenants", "billing", "acme", "active", "--reason", "paid")
    assert said.out == "acme was paused and is active; 0 credits granted, 1 waiting jobs go on.\n"
    [step] = outreach.steps(enrolled.id)
    outreach.attempt(outreach.job_of(step))
    assert len(outreach.sender.sent) == 1


def test_credits_are_granted_with_a_reason_and_once_per_key(
    outrider: Outrider, plans: Plans
) -> None:
    grant = ("credits", "grant", "acme", "40", "--reason", "a gift", "--key", "invoice-7")
    first, second = outrider(*grant), outrider(*grant)
    assert (first.code, second.code) == (0, 0)
    assert ("granted before" in first.out, "granted before" in second.out) == (False, True)
    [line] = outrider("credits", "history", "acme", "--json").json()
    assert (line["kind"], line["credits"], line["balance_after"], line["reason"]) == (
        "grant",
        40,
        40,
        "a gift",
    )
    assert plans.ask("SELECT count(*) FROM outrider.audit_logs WHERE action = 'grant'") == 1
    assert outrider("credits", "grant", "acme", "0", "--reason", "r").code == 2
