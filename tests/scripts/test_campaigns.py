"""`outrider campaign`: from a file to an open campaign, and what it says about itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fix_outreach import Outreach
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]


@pytest.fixture
def file(tmp_path: Path, here: Path) -> str:
    """The shipped example."""
    copy = tmp_path / "sequence.toml"
    copy.write_text((here / "scripts" / "data" / "sequence.toml").read_text())
    return str(copy)


@pytest.fixture
def made(outrider: Outrider, outreach: Outreach, file: str) -> None:
    """A draft with a mailbox."""
    outreach.mailbox("sales@acme.test")
    said = outrider("campaign", "create", "autumn", "--tenant", "acme", "--sequence", file,
                    "--mailbox", "Sales@acme.test")  # fmt: skip
    assert (said.code, said.err) == (0, "")


def test_a_campaign_is_made_opened_and_says_how_it_stands(
    outrider: Outrider, outreach: Outreach, made: None
) -> None:
    opened = outrider("campaign", "activate", "autumn", "--tenant", "acme")
    assert opened.out == "Campaign autumn is now active.\n"
    assert "already" in outrider("campaign", "activate", "autumn", "--tenant", "acme").out
    outreach.lead("bob@example.test", first_name="Bob")
    outreach.attempt_next("campaign.fill")
    status = outrider("campaign", "status", "autumn", "--tenant", "acme", "--json").json()
    assert status["status"] == "active"
    assert status["enrollments"] == [{"status": "active", "stop_reason": None, "enrollments": 1}]
    assert status["steps"] == [{"step_number": 1, "status": "scheduled", "steps": 1}]
    assert status["next_due"]
    assert "autumn: active" in outrider("campaign", "status", "autumn", "--tenant", "acme").out


def test_a_preview_is_the_mail_as_it_goes_and_sends_nothing(
    outrider: Outrider, outreach: Outreach, made: None
) -> None:
    outrider("campaign", "activate", "autumn", "--tenant", "acme")
    lead_id = outreach.lead("bob@example.test", first_name="Bob", company_name="Bobs")
    asked = ("campaign", "preview", "autumn", "BOB@example.test", "--tenant", "acme", "--json")
    before: list[Any] = outrider(*asked).json()
    assert [mail["step_number"] for mail in before] == [1, 2, 3]
    assert before[0]["because"].startswith("if it were enrolled now; zone of the tenant; ")
    outreach.attempt_next("campaign.fill")
    planned = outrider(*asked).json()
    assert (len(outreach.sender.sent), planned[0]["body"].count("Hello Bob,")) == (0, 1)
    [(enrollment_id,)] = outreach.peek("SELECT id FROM outrider.enrollments")
    outreach.send(enrollment_id)
    [mail] = outreach.mails()
    assert mail["Subject"] == planned[0]["subject"]
    assert mail.get_content().split() == planned[0]["body"].split()
    assert outrider(*asked).json()[0]["because"].startswith("sent: ")
    assert "Subject: Bobs and the first answer" in outrider(*asked[:-1]).out
    assert lead_id


def test_a_paused_campaign_says_why(outrider: Outrider, made: None) -> None:
    draft = outrider("campaign", "pause", "autumn", "--tenant", "acme", "--reason", "a typo")
    assert (draft.code, "never activated" in draft.err) == (1, True)
    outrider("campaign", "activate", "autumn", "--tenant", "acme")
    outrider("campaign", "pause", "autumn", "--tenant", "acme", "--reason", "a typo")
    assert (
        "autumn: paused (a typo)"
        in outrider("campaign", "status", "autumn", "--tenant", "acme").out
    )


def test_the_trail_says_who_did_what_to_a_campaign(
    outrider: Outrider, outreach: Outreach, made: None
) -> None:
    outrider("campaign", "activate", "autumn", "--tenant", "acme")
    assert outreach.peek("SELECT action FROM outrider.audit_logs WHERE resource_type = 'campaign'"
                         " ORDER BY id") == [("campaign.create",), ("campaign.activate",)]  # fmt: skip


def test_a_campaign_without_a_mailbox_is_not_opened(
    outrider: Outrider, outreach: Outreach, file: str
) -> None:
    outrider("campaign", "create", "autumn", "--tenant", "acme", "--sequence", file)
    said = outrider("campaign", "activate", "autumn", "--tenant", "acme")
    assert (said.code, said.out) == (1, "")
    assert "has no active mailbox" in said.err
    assert outreach.peek("SELECT count(*) FROM outrider.jobs") == [(0,)]


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (("--mailbox", "nobody@acme.test"), "mailboxes: the tenant has no nobody@acme.test"),
        (("--tenant", "strangers"), "There is no tenant strangers."),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_written(
    outrider: Outrider, outreach: Outreach, file: str, extra: tuple[str, ...], says: str
) -> None:
    said = outrider("campaign", "create", "autumn", "--tenant", "acme", "--sequence", file, *extra)
    assert (said.code, says in said.err) == (1, True)
    assert outreach.peek("SELECT count(*) FROM outrider.sequences") == [(0,)]


def test_a_name_is_given_once(outrider: Outrider, made: None, file: str) -> None:
    said = outrider("campaign", "create", "autumn", "--tenant", "acme", "--sequence", file)
    assert (said.code, "name:" in said.err) == (1, True)


def test_a_file_with_a_mistake_is_refused_with_its_line(
    outrider: Outrider, outreach: Outreach, file: str
) -> None:
    text = Path(file).read_text().replace("delay_days = 3", "delay_days = 400")
    Path(file).write_text(text)
    said = outrider("campaign", "create", "autumn", "--tenant", "acme", "--sequence", file)
    line = text.splitlines().index("delay_days = 400") + 1
    assert (said.code, f"steps.2.delay_days, line {line}: " in said.err) == (1, True)


@pytest.mark.parametrize("verb", ["status", "activate", "preview"])
def test_an_unknown_campaign_or_lead_is_named(
    outrider: Outrider, outreach: Outreach, made: None, verb: str
) -> None:
    more = ("nobody@example.test",) if verb == "preview" else ()
    said = outrider("campaign", verb, "spring" if not more else "autumn", *more, "--tenant", "acme")
    assert (said.code, "There is no" in said.err) == (1, True)
