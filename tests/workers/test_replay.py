"""Bulk replay and discard: once per letter, whoever asks, however often, and whoever dies meanwhile."""

import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from db import Database, suppressions
from db.dead import Which
from schemas.enums import SuppressionKind, SuppressionReason
from schemas.errors import Permanent
from schemas.jobs import (
    FillCampaigns,
    ScoreLead,
    SendStep,
)
from tests.factories import tenant_called
from tests.fix_dead import Morgue
from tests.fix_outreach import Outreach
from tests.fix_world import until
from workers import edits, house
from workers.discarding import discard_all
from workers.replay import Order, replay_all

Peek = Callable[..., list[tuple[Any, ...]]]
assert house

SLOWLY = """
import sys, time
from db import Database
from db.dead import Which
from workers import campaigns
from workers.replay import Order, replay_all
assert campaigns
database = Database(sys.argv[1]); database.open()
for end in replay_all(database, Which(), Order("ann", "fixed"), size=1):
    time.sleep(0.1)
"""


def _replayed(peek: Peek) -> int:
    [(count,)] = peek("SELECT count(*) FROM outrider.dead_letters WHERE status = 'replayed'")
    return int(count)


def _once_each(peek: Peek, letters: int) -> None:
    assert _replayed(peek) == letters
    assert peek("SELECT count(*), count(DISTINCT replay_of) FROM outrider.jobs") == [
        (letters, letters)
    ]
    assert peek("SELECT count(*), count(DISTINCT resource_id) FROM outrider.audit_logs") == [
        (letters, letters)
    ]


@pytest.mark.system(69)
def test_a_bulk_replay_is_staggered_last_in_its_lanes_and_a_batch_in_the_trail(
    database: Database, morgue: Morgue, peek: Peek
) -> None:
    letters = [morgue.bury(FillCampaigns()) for _ in range(5)]
    order = Order("ann", "fixed", every=timedelta(seconds=2))
    ends = list(replay_all(database, Which(actor="campaign.fill"), order, limit=4, size=3))
    assert [one.letter_id for end in ends for one in end.tied] == letters[:4]
    assert peek(
        """
        SELECT extract(epoch FROM due_at - min(due_at) OVER ())::integer, priority, trace_id
          FROM outrider.jobs ORDER BY id
        """
    ) == [(0, 9, "trace-1"), (2, 9, "trace-1"), (4, 9, "trace-1"), (6, 9, "trace-1")]
    assert peek("SELECT DISTINCT batch_id, closed_by FROM outrider.dead_letters"
                " WHERE status = 'replayed'") == [(order.batch_id, "ann")]  # fmt: skip
    assert peek("SELECT DISTINCT action, reason, details ->> 'batch' FROM outrider.audit_logs") == [
        ("replay", "fixed", str(order.batch_id))
    ]
    assert (
        next(iter(replay_all(database, Which(ids=letters[:1]), order)))
        .left[0]
        .because.startswith("was replayed before, as job ")
    )


@pytest.mark.system(69)
def test_two_replays_of_the_same_letters_make_one_job_of_each(
    dsn: str, database: Database, morgue: Morgue, peek: Peek
) -> None:
    for _ in range(16):
        morgue.bury(FillCampaigns())

    def all_of_them(name: str) -> int:
        ends = replay_all(database, Which(), Order(name, "fixed"), size=2)
        return sum(len(end.tied) for end in ends)

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(all_of_them, ("ann", "bob", "cy"))) == 16
    _once_each(peek, 16)


@pytest.mark.system(69)
def test_a_bulk_replay_that_was_killed_is_finished_by_the_next(
    dsn: str, database: Database, morgue: Morgue, peek: Peek
) -> None:
    for _ in range(8):
        morgue.bury(FillCampaigns())
    command = subprocess.Popen([sys.executable, "-c", SLOWLY, dsn])
    try:
        until(lambda: _replayed(peek) >= 2, seconds=30)
    finally:
        command.send_signal(signal.SIGKILL)
        command.wait()
    assert _replayed(peek) < 8, "killed too late to show anything"
    rest = list(replay_all(database, Which(), Order("ann", "fixed")))
    assert not any(end.left for end in rest)
    _once_each(peek, 8)


@pytest.mark.system(69)
def test_replaying_everything_twice_sends_nothing_twice_and_nothing_to_whoever_left(
    outreach: Outreach, morgue: Morgue, peek: Peek
) -> None:
    outreach.campaign(outreach.mailbox())
    people = [outreach.enroll(f"{name}@example.test") for name in ("ann", "bob", "cy", "dan")]
    for person in people:
        step = outreach.steps(person.id)[0]
        for _ in range(2):  # a letter, and another of the same meaning
            morgue.bury(SendStep(step_id=step.id, epoch=step.epoch))
    with outreach.database.tenant(outreach.tenant) as tx:
        suppressions.add(tx, SuppressionKind.EMAIL, "dan@example.test",
                         SuppressionReason.UNSUBSCRIBE, "test")  # fmt: skip
    outreach.send(people[0].id)
    assert len(outreach.sender.sent) == 1
    for job_id in morgue.replay():
        morgue.attempt(job_id)
    assert sorted(sent.recipient for sent in outreach.sender.sent) == [
        "ann@example.test", "bob@example.test", "cy@example.test"]  # fmt: skip
    assert morgue.replay() == []
    peek("UPDATE outrider.dead_letters SET job_id = -job_id")
    for person in people:  # all of it dies once more, and goes round once more
        step = outreach.steps(person.id)[0]
        morgue.bury(SendStep(step_id=step.id, epoch=step.epoch))
    peek("UPDATE outrider.dead_letters SET job_id = -job_id WHERE job_id < 0")
    for job_id in morgue.replay():
        morgue.attempt(job_id)
    assert len(outreach.sender.sent) == 3


def test_what_cannot_be_replayed_is_left_with_a_reason_and_the_rest_goes(
    database: Database, tenant: UUID, morgue: Morgue, peek: Peek
) -> None:
    other = tenant_called(database, "other")
    good, bad, strange, newer, orphan = (morgue.bury(ScoreLead(lead_id=uuid4())) for _ in range(5))
    peek("UPDATE outrider.dead_letters SET payload = payload || '{\"old\": 1}' WHERE id = %s", bad)
    peek("UPDATE outrider.dead_letters SET actor = 'lead.sing' WHERE id = %s", strange)
    peek("UPDATE outrider.dead_letters SET version = 9 WHERE id = %s", newer)
    peek("UPDATE outrider.dead_letters SET tenant_id = %s WHERE id = %s", other, orphan)
    peek("UPDATE outrider.job_log SET tenant_id = %s WHERE job_id ="
         " (SELECT job_id FROM outrider.dead_letters WHERE id = %s)", other, orphan)  # fmt: skip
    peek("UPDATE outrider.tenants SET deleted_at = now() WHERE slug = 'other'")
    ends = list(replay_all(database, Which(), Order("ann", "fixed")))
    assert [one.letter_id for end in ends for one in end.tied] == [good]
    left = {one.letter_id: one.because for end in ends for one in end.left}
    assert left == {
        bad: "cannot be read: payload.old: Extra inputs are not permitted; mend it with --unset payload.old",
        strange: "is for 'lead.sing', and there is no such actor; discard it",
        newer: "has version 9 of lead.score, newer than this command's (1);"
               " use the command of the version that runs",
        orphan: "belongs to a tenant that was deleted; discard it",
    }  # fmt: skip
    assert {one.letter_id: one.because for one in morgue.forecast()} == {
        known: f"it {why}" for known, why in left.items()
    }
    [(gone, _)] = discard_all(
        database, Which(ids=[orphan]), operator="ann", reason="never", batch_id=uuid4()
    )
    assert gone == [orphan]
    mended = Order("ann", "mended", edits=[edits.removal("payload.old")])
    [end] = replay_all(database, Which(ids=[bad]), mended)
    assert [one.letter_id for one in end.tied] == [bad]
    assert peek("SELECT details ->> 'edited' FROM outrider.audit_logs WHERE reason = 'mended'") == [
        ('["old"]',)
    ]


def test_an_edit_replaces_a_field_and_the_letter_keeps_what_it_had(
    database: Database, morgue: Morgue, peek: Peek
) -> None:
    wrong, right = uuid4(), uuid4()
    letter_id = morgue.bury(ScoreLead(lead_id=wrong))
    order = Order("ann", "the wrong one", edits=[edits.assignment(f'payload.lead_id="{right}"')])
    assert next(iter(replay_all(database, Which(ids=[letter_id]), order))).tied
    assert peek("SELECT payload FROM outrider.jobs") == [({"lead_id": str(right)},)]
    assert peek("SELECT payload FROM outrider.dead_letters") == [({"lead_id": str(wrong)},)]


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("payload.a", "write --set payload.a=VALUE"),
        ("lead_id=1", "write payload.FIELD"),
        ("payload.a=abc", "put text into quotes: 'payload.a=\"abc\"'"),
        ("payload.a=NaN", "is no JSON"),
        ("payload.a.b=1", "write payload.FIELD"),
    ],
)
def test_an_edit_that_makes_no_sense_names_the_fix(text: str, fix: str) -> None:
    with pytest.raises(Permanent) as refused:
        edits.assignment(text)
    assert fix in str(refused.value)
