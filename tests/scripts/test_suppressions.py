"""`outrider suppress`, and `campaign stop`: an operator's word ends what is under way."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
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


def test_a_domain_is_suppressed_whole_and_everybody_concerned_hears_of_it(
    outrider: Outrider, outreach: Outreach
) -> None:
    outreach.campaign(outreach.mailbox())
    bob, eve = outreach.enroll("bob@example.test"), outreach.enroll("eve@mail.example.test")
    said = outrider("suppress", "add", "Example.test", *WHY)
    assert said.out == "example.test is now suppressed; 2 sequences stopped.\n"
    assert suppressed(outreach, "anybody@example.test") is SuppressionReason.MANUAL
    for one in (bob, eve):
        assert outreach.enrollment(one.id).stop_reason == "suppressed"
        [step] = outreach.steps(one.id)
        assert (step.status, step.skip_reason) == ("skipped", "suppressed: manual")
        story = outrider("leads", "timeline", str(one.lead_id), "--tenant", "acme", "--json").json()
        assert "domain: manual by operator" in [line["text"] for line in story]
    assert outreach.peek("SELECT count(*) FROM outrider.jobs WHERE actor = 'crm.collect'") == [(1,)]


def test_a_release_brings_back_whom_nothing_else_suppresses(
    outrider: Outrider, outreach: Outreach
) -> None:
    outreach.campaign(outreach.mailbox())
    bob, eve = outreach.enroll("bob@example.test"), outreach.lead("eve@example.test")
    for value in ("bob@example.test", "eve@example.test", "example.test"):
        assert outrider("suppress", "add", value, *WHY, "--because", "unsubscribe").code == 0
    assert outreach.status_of(bob.lead_id) == outreach.status_of(eve) == "unsubscribed"
    refused = outrider("leads", "move", "eve@example.test", "scored", *WHY)
    assert (refused.code, "still suppressed" in refused.err) == (1, True)
    assert "0 leads are back" in outrider("suppress", "release", "bob@example.test", *WHY).out
    said = outrider("suppress", "release", "example.test", *WHY)
    assert said.out == "example.test is suppressed no more; 1 leads are back.\n"
    assert outreach.status_of(bob.lead_id) == "scored"  # his sequence was stopped, and stays so
    assert outreach.status_of(eve) == "unsubscribed"
    assert outreach.peek("SELECT count(*) FROM outrider.audit_logs WHERE resource_type = 'suppression'") == [(5,)]  # fmt: skip
    assert outreach.peek("SELECT 1 FROM outrider.audit_logs WHERE resource_id LIKE '%%@%%'") == []


def test_the_houses_list_is_asked_for_by_name_and_shows_no_value(
    outrider: Outrider, outreach: Outreach
) -> None:
    bob = outreach.enroll("bob@example.test")
    assert "--everywhere" in outrider("suppress", "add", "bob@example.test", *WHY[2:]).err
    house = ("--everywhere", *WHY[2:])
    assert "1 sequences stopped" in outrider("suppress", "add", "bob@example.test", *house).out
    assert outreach.enrollment(bob.id).stop_reason == "suppressed"
    [entry] = outrider("suppress", "list", "--everywhere", "--json").json()
    assert (entry["kind"], entry["value"]) == ("email", None)
    assert outrider("suppress", "list", "--tenant", "acme", "--json").json() == []
    [bar] = outrider("suppress", "check", "bob@example.test", "--tenant", "acme", "--json").json()
    assert (bar["scope"], bar["reason"]) == ("house", "manual")
    assert outrider("suppress", "release", "bob@example.test", *WHY).code == 1
    assert outrider("suppress", "release", "bob@example.test", *house).code == 0
    assert suppressed(outreach, "bob@example.test") is None


def test_a_file_is_taken_line_by_line_and_its_wrong_lines_are_named(
    outrider: Outrider, outreach: Outreach, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("# ours\nbob@example.test,\nacme.test\n\nno domain\n+44 20 7946 0000\n12\n")
    said = outrider("suppress", "import", str(file), *WHY, "--because", "customer", "--json")
    assert (said.code, said.json()["new"], [one["line"] for one in said.json()["wrong"]]) == (1, 3, [5, 7])  # fmt: skip
    listed = outrider("suppress", "list", "--tenant", "acme", "--json").json()
    assert {(one["kind"], one["reason"]) for one in listed} == {
        ("email", "customer"), ("domain", "customer"), ("phone", "customer")}  # fmt: skip
    file.write_text("bob@example.test\n")
    again = outrider("suppress", "import", str(file), *WHY, "--until", "30d")
    assert (again.code, again.out.startswith("1 lines: 0 new")) == (0, True)


def test_all_of_a_domain_may_be_written_with_a_star_and_nobody_silences_a_mail_provider(
    outrider: Outrider, outreach: Outreach, tmp_path: Path
) -> None:
    acme, why = ("--tenant", "acme"), ("--reason", "asked")
    assert (
        "foo.example is now suppressed"
        in outrider("suppress", "add", "*@foo.example", *acme, *why).out
    )
    assert "Nothing" not in outrider("suppress", "check", "bob@foo.example", *acme).out
    said = outrider("suppress", "add", "gmail.com", *acme, *why)
    assert said.code == 1
    assert "everybody's; name the address, or say --kind domain" in said.err
    file = tmp_path / "list.txt"
    file.write_text("*@w.example\nyahoo.com\n")
    done = outrider("suppress", "import", str(file), *acme, *why, "--json").json()
    assert (done["new"], [one["line"] for one in done["wrong"]]) == (1, [2])
    assert "Nothing" not in outrider("suppress", "check", "eve@w.example", *acme).out
    assert (
        "now suppressed"
        in outrider("suppress", "add", "gmail.com", "--kind", "domain", *acme, *why).out
    )
    assert "Nothing" not in outrider("suppress", "check", "gmail.com", *acme).out
    assert outrider("suppress", "release", "gmail.com", *acme, *why).code == 0


def test_an_entry_may_have_an_end_and_not_one_that_is_over(
    outrider: Outrider, outreach: Outreach
) -> None:
    for until in ("2020-01-01", "soon"):
        said = outrider("suppress", "add", "bob@example.test", *WHY, "--until", until)
        assert (said.code, said.err.startswith("--until: ")) == (1, True)
    assert outrider("suppress", "add", "bob@example.test", *WHY, "--until", "30d").code == 0
    assert suppressed(outreach, "bob@example.test") is SuppressionReason.MANUAL
    outreach.at(outreach.now() + timedelta(days=30))
    assert suppressed(outreach, "bob@example.test") is None


def test_a_lead_moves_by_hand_where_a_person_may_know_better(
    outrider: Outrider, outreach: Outreach
) -> None:
    bob = outreach.enroll("bob@example.test")
    said = outrider("leads", "move", "bob@example.test", "converted", *WHY)
    assert (said.code, said.out) == (1, "")
    assert "may be moved by hand to: replied, lost" in " ".join(said.err.split())
    assert outreach.enrollment(bob.id).status is EnrollmentStatus.ACTIVE
    assert outrider("leads", "move", str(bob.lead_id), "lost", *WHY).code == 0
    assert outreach.status_of(bob.lead_id) == "lost"
    assert outreach.enrollment(bob.id).stop_reason == "operator"
    assert outrider("leads", "refused", "--tenant", "acme").out == "No move was refused.\n"


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
