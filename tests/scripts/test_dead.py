"""`outrider dead`: what is listed, shown, foreseen, replayed and discarded, and what is refused."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from db import Database
from providers.fake import FakeDomains, acme
from schemas.enums import JobOutcome, JobState
from schemas.errors import Transient
from schemas.jobs import EnrichLead, FillCampaigns, ScoreLead
from tests.factories import capture, tenant_called
from tests.fix_dead import Morgue, Peek
from tests.fix_world import Bench
from tests.scripts.conftest import Said
from workers.actor import registered

Outrider = Callable[..., Said]


def test_letters_are_listed_and_grouped_by_what_is_asked_for(
    outrider: Outrider, database: Database, morgue: Morgue, peek: Peek
) -> None:
    other = tenant_called(database, "other")
    first = morgue.bury(FillCampaigns(), message="The old one.")
    second = morgue.bury(ScoreLead(lead_id=uuid4()), message="The new one.", tenant_id=other)
    third = morgue.bury(FillCampaigns(), message="Else.", fingerprint="else")
    peek(
        "UPDATE outrider.dead_letters SET died_at = died_at - interval '3 hours' WHERE id = %s",
        first,
    )

    def ids(*options: str) -> list[int]:
        return [row["id"] for row in outrider("dead", "list", *options, "--json").json()]

    assert ids() == [third, second, first]
    assert ids("--tenant", "other") == [second]
    assert ids("--actor", "campaign.fill") == [third, first]
    assert ids("--fingerprint", "else") == [third]
    assert ids("--since", "2h") == [third, second]
    assert ids("--until", "2h") == [first]
    assert ids("--since", "2000-01-01", "--limit", "1") == [third]
    assert outrider("dead", "list", "--since", "soon").code == 1
    assert outrider("dead", "discard", str(third), "--reason", "noise").code == 0
    assert ids() == [second, first]
    assert ids("--status", "discarded") == [third]
    assert len(ids("--all")) == 3
    [group] = outrider("dead", "groups", "--json").json()
    assert (group["fingerprint"], group["letters"], group["tenants"], group["example"]) == (
        "print", 2, 2, "The new one.")  # fmt: skip
    assert group["actors"] == ["campaign.fill", "lead.score"]
    assert group["first_at"] < group["last_at"]
    assert "The new one." in outrider("dead", "groups").out


def test_a_letter_is_shown_with_its_calls_its_log_and_its_replay(
    outrider: Outrider, database: Database, morgue: Morgue, peek: Peek
) -> None:
    lead_id = uuid4()
    letter = morgue.bury(ScoreLead(lead_id=lead_id), effect_keys=("call:1",))
    peek("INSERT INTO outrider.effects (tenant_id, key, class, job_id, token)"
         " VALUES (%s, 'call:1', 'repeatable', 1, 0)", morgue.tenant)  # fmt: skip
    before = outrider("dead", "show", str(letter), "--json").json()
    assert before["payload"] == {"lead_id": str(lead_id)}
    assert [(call["key"], call["state"]) for call in before["calls"]] == [("call:1", "intent")]
    assert (before["log"]["outcome"], before["replay"], before["trace_id"]) == (
        "dead",
        None,
        "trace-1",
    )
    [job_id] = morgue.replay(letter)
    assert outrider("dead", "show", str(letter), "--json").json()["replay"]["state"] == "ready"
    morgue.attempt(job_id)
    after = outrider("dead", "show", str(letter), "--json").json()
    assert (after["replay"]["job_id"], after["replay"]["state"]) == (job_id, "dead")
    assert after["replay"]["letter_id"] > letter
    assert "There is no lead" in after["replay"]["last_error"]
    shown = outrider("dead", "show", str(letter)).out
    assert f"Replayed as job {job_id}: dead." in shown
    assert outrider("dead", "show", "99").code == 1


@pytest.mark.system(69)
def test_what_gives_up_is_kept_whole_replayed_once_and_given_up_only_with_a_note(
    outrider: Outrider, bench: Bench, domains: FakeDomains, peek: Peek
) -> None:
    """A poison message lands there after its last attempt with payload, error and trace; replay
    runs it once and marks it replayed; discard needs a note
    """
    domains.answer = lambda _: Transient("resolver away")
    (ada, first), (_, second) = (gives_up(outrider, bench, name, peek) for name in ("ada", "bob"))
    shown = outrider("dead", "show", str(first), "--json").json()
    assert (shown["payload"], shown["attempts"], shown["trace_id"]) == (
        {"lead_id": str(ada)}, 2, "trace-1")  # fmt: skip
    assert (shown["error_class"], shown["error_message"]) == ("Transient", "resolver away")

    domains.answer = acme
    assert outrider("dead", "replay", str(first), "--reason", "it is back").code == 0
    assert outrider("dead", "replay", str(first), "--reason", "it is back").code == 1
    [(job_id,)] = peek("SELECT id FROM outrider.jobs")
    bench.attempt(registered()[EnrichLead.name], job_id)
    assert bench.state(job_id)[0] is JobOutcome.DONE
    assert domains.calls.total() == 2 + 2 + 1
    assert outrider("dead", "show", str(first), "--json").json()["status"] == "replayed"

    for note in ([], ["--reason", " "]):
        assert outrider("dead", "discard", str(second), *note).code == 2
    assert outrider("dead", "show", str(second), "--json").json()["status"] == "open"
    assert outrider("dead", "discard", str(second), "--reason", "left the firm").code == 0
    assert peek("SELECT action, reason FROM outrider.audit_logs ORDER BY id DESC LIMIT 1") == [
        ("discard", "left the firm")]  # fmt: skip


def gives_up(outrider: Outrider, bench: Bench, name: str, peek: Peek) -> tuple[UUID, int]:
    """A lead that cannot be enriched in two attempts, and the letter that is there after the second."""
    with bench.database.tenant(bench.tenant) as tx:
        lead_id = capture(tx, f"{name}@{name}.test")
    before = outrider("dead", "list", "--json").json()
    job_id = bench.queue(EnrichLead(lead_id=lead_id))
    peek("UPDATE outrider.jobs SET max_attempts = 2")
    bench.attempt(registered()[EnrichLead.name], job_id)
    assert bench.state(job_id) == (JobState.DELAYED, 1)
    assert outrider("dead", "list", "--json").json() == before
    peek("UPDATE outrider.jobs SET retry_at = clock_timestamp()")
    bench.attempt(registered()[EnrichLead.name], job_id)
    return lead_id, outrider("dead", "list", "--json").json()[0]["id"]


@pytest.mark.system(69)
def test_a_dry_run_changes_nothing_and_a_replay_says_what_it_did(
    outrider: Outrider, database: Database, morgue: Morgue, peek: Peek
) -> None:
    good = [morgue.bury(FillCampaigns()) for _ in range(3)]
    bad = morgue.bury(ScoreLead(lead_id=uuid4()))
    peek("UPDATE outrider.dead_letters SET payload = '{}' WHERE id = %s", bad)
    said = outrider("dead", "replay", "--all", "--dry-run")
    assert "Of 4 letters: 3 would run, 1 would fail. Nothing was changed." in said.out
    foreseen = outrider("dead", "replay", "--all", "--dry-run", "--json").json()
    assert [(row["letter_id"], row["omen"]) for row in foreseen] == [
        *((one, "would run") for one in good), (bad, "would fail")]  # fmt: skip
    assert peek("SELECT count(*) FROM outrider.jobs") == [(0,)]
    assert outrider("dead", "replay", "--all").code == 2  # a reason is required
    done = outrider("dead", "replay", "--actor", "campaign.fill", "--limit", "2", "--reason", "x",
                    "--json").json()  # fmt: skip
    assert [one["letter_id"] for one in done["replayed"]] == good[:2]
    assert UUID(done["batch"])
    rest = outrider("dead", "replay", "--all", "--reason", "x").out
    assert (
        f"1 of 2 run again, 1 was left: {bad} cannot be read: payload.lead_id: Field required;"
        in rest
    )
    mended = outrider("dead", "replay", str(bad), "--set", f'payload.lead_id="{uuid4()}"',
                      "--reason", "x", "--json")  # fmt: skip
    assert mended.json()["letter_id"] == bad
    assert (
        "No open dead letter is meant." in outrider("dead", "replay", "--all", "--reason", "x").out
    )


def test_a_command_that_means_nothing_or_everything_by_accident_is_refused(
    outrider: Outrider, morgue: Morgue, peek: Peek
) -> None:
    letter = morgue.bury(FillCampaigns())
    for verb in ("replay", "discard"):
        said = outrider("dead", verb, "--reason", "x")
        assert (said.code, "say --all" in said.err) == (1, True)
        assert "There is no dead letter 99." in outrider("dead", verb, "99", "--reason", "x").err
    assert outrider("dead", "discard", str(letter)).code == 2
    assert (
        "is not like" in outrider("dead", "replay", "--all", "--rate", "fast", "--reason", "x").err
    )
    assert "no JSON" in outrider("dead", "replay", "1", "--set", "payload.a=b", "--reason", "x").err
    assert peek("SELECT status FROM outrider.dead_letters") == [("open",)]
    gone = outrider("dead", "discard", str(letter), "99", "--reason", "x").out
    assert "1 of 2 are discarded, 1 was left: 99 does not exist." in gone
    assert "was discarded" in outrider("dead", "replay", str(letter), "--reason", "x").err
