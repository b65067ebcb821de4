"""A dry run says what a replay would do; then the replay is made, and does just that."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from db import campaigns, claims, effects, enrollments, mailboxes, mails, pauses, suppressions
from db.enrollments import Enrollment
from providers.fake_crm import FakeCrm
from schemas.base import Job
from schemas.enums import EffectClass, JobOutcome, StopReason, SuppressionKind, SuppressionReason
from schemas.errors import Unanswered
from schemas.jobs import (
    ClassifyMail,
    EnrichLead,
    FillCampaigns,
    MatchMail,
    ResumeEnrollment,
    ScoreLead,
    SendStep,
    SettleHold,
    UpsertContacts,
)
from tests.factories import capture, start
from tests.fix_crm import Telling
from tests.fix_dead import Morgue
from tests.fix_outreach import MONDAY, Outreach
from tests.fix_world import Bench
from tests.workers.inbox import letter, match, reply, understand
from workers.actor import registered
from workers.foresight import Ending, Omen

Undo = Callable[[], object]
Scene = Callable[[Outreach, Enrollment], Undo | None]


def nothing(_o: Outreach, _e: Enrollment) -> None:
    """It would simply be sent."""


def suppressed(o: Outreach, e: Enrollment) -> None:
    [(email,)] = o.peek("SELECT email FROM outrider.leads WHERE id = %s", e.lead_id)
    with o.database.tenant(o.tenant) as tx:
        suppressions.add(tx, SuppressionKind.EMAIL, email, SuppressionReason.UNSUBSCRIBE, "test")


def stopped(o: Outreach, e: Enrollment) -> None:
    with o.database.tenant(o.tenant) as tx:
        enrollments.stop(tx, e.id, StopReason.OPERATOR, by="test")


def gone(o: Outreach, e: Enrollment) -> None:
    o.peek("UPDATE outrider.leads SET deleted_at = now() WHERE id = %s", e.lead_id)


def without_address(o: Outreach, e: Enrollment) -> None:
    o.peek("UPDATE outrider.leads SET email = NULL, erased_at = now() WHERE id = %s", e.lead_id)


def campaign_paused(o: Outreach, e: Enrollment) -> Undo:
    with o.database.tenant(o.tenant) as tx:
        campaigns.pause(tx, e.campaign_id, "test")
    return lambda: o.peek("UPDATE outrider.campaigns SET status = 'active', paused_reason = NULL")


def mailbox_paused(o: Outreach, e: Enrollment) -> Undo:
    with o.database.tenant(o.tenant) as tx:
        mailboxes.pause(tx, e.mailbox_id, "test")
    return lambda: o.peek(
        "UPDATE outrider.mailboxes SET status = 'active', paused_reason = NULL, paused_at = NULL"
    )


def cap_spent(o: Outreach, e: Enrollment) -> Undo:
    o.peek("UPDATE outrider.mailboxes SET daily_cap = 0")
    return lambda: o.peek("UPDATE outrider.mailboxes SET daily_cap = 100")


def out_of_window(o: Outreach, _e: Enrollment) -> Undo:
    o.at(MONDAY - timedelta(hours=8))
    return lambda: o.at(MONDAY)


def actor_paused(o: Outreach, _e: Enrollment) -> Undo:
    with o.database.hat("operator") as tx:
        pauses.add(tx, tenant_id=None, actor="step.send", reason="complaints", by="ann")
    return lambda: o.peek("DELETE FROM outrider.pauses")


def broken(o: Outreach, e: Enrollment) -> Undo:
    o.peek("UPDATE outrider.sequence_steps SET body = 'Dear {{ title }}' WHERE sequence_id = %s"
           " AND step_number = 1", e.sequence_id)  # fmt: skip
    return lambda: o.peek(
        "UPDATE outrider.sequence_steps SET body = 'First.' WHERE step_number = 1"
    )


def sent(o: Outreach, e: Enrollment) -> None:
    o.attempt(_original(o, e))


def sent_and_not_written_down(o: Outreach, e: Enrollment) -> None:
    sent(o, e)
    o.peek("SET session_replication_role = replica")  # past the trigger that refuses this
    o.peek("UPDATE outrider.step_executions SET status = 'scheduled', sent_at = NULL,"
           " message_id = NULL WHERE enrollment_id = %s AND step_number = 1", e.id)  # fmt: skip


def in_doubt(o: Outreach, e: Enrollment) -> Undo:
    o.sender.answer = lambda _to: Unanswered("The line went dead.")
    o.attempt(_original(o, e))

    def undo() -> None:
        o.sender.answer = lambda _to: None

    undo()
    return undo


def _original(o: Outreach, e: Enrollment) -> int:
    job_id = o.job_of(o.steps(e.id)[0])
    o.peek("UPDATE outrider.jobs SET due_at = %s WHERE id = %s", MONDAY, job_id)
    return job_id


SCENES: list[tuple[Scene, Omen, str, Ending, int]] = [
    (nothing, Omen.RUNS, "nothing stands in its way", Ending.DONE, 1),
    (suppressed, Omen.BLOCKED, "suppressed since: unsubscribe", Ending.DONE, 0),
    (stopped, Omen.BLOCKED, "enrollment stopped (operator), in epoch 2", Ending.DONE, 0),
    (gone, Omen.BLOCKED, "deleted: There is no lead", Ending.DEAD, 0),
    (without_address, Omen.FAILS, "email: the lead has no address", Ending.DONE, 0),
    (campaign_paused, Omen.WAITS, "the campaign is paused", Ending.DONE, 0),
    (mailbox_paused, Omen.WAITS, "the mailbox is paused", Ending.DONE, 0),
    (cap_spent, Omen.WAITS, "sent its mails of today", Ending.DONE, 0),
    (out_of_window, Omen.WAITS, "out of the campaign's window", Ending.DONE, 0),
    (actor_paused, Omen.WAITS, "paused: complaints", Ending.OPEN, 0),
    (broken, Omen.FAILS, "title", Ending.DONE, 0),
    (sent, Omen.NOTHING, "its effect is done: the step is sent", Ending.DONE, 0),
    (sent_and_not_written_down, Omen.SETTLES, "its effect is done", Ending.DONE, 0),
    (in_doubt, Omen.BLOCKED, "effect in doubt: email:", Ending.PARKED, 0),
]


@pytest.mark.system(69)
def test_a_steps_replay_does_what_its_forecast_says(
    outreach: Outreach, morgue: Morgue, subtests: pytest.Subtests
) -> None:
    campaign = outreach.campaign(outreach.mailbox())
    assert campaign
    for scene, omen, because, ends, mails_more in SCENES:
        with subtests.test(scene.__name__):
            bob = outreach.enroll(f"{scene.__name__}@example.test".replace("_", "-"))
            step = outreach.steps(bob.id)[0]
            letter_id = morgue.bury(SendStep(step_id=step.id, epoch=step.epoch))
            undo = scene(outreach, bob)
            before = len(outreach.sender.sent)
            [seen] = morgue.forecast(letter_id)
            assert (seen.omen, seen.ends) == (omen, ends)
            assert because in seen.because
            [job_id] = morgue.replay(letter_id)
            assert morgue.attempt(job_id) is ends
            assert len(outreach.sender.sent) - before == mails_more
            if undo:
                undo()


Check = tuple[Job, Omen, str, Ending]


def _confirm(morgue: Morgue, subtests: pytest.Subtests, *checks: Check) -> None:
    for job, omen, because, ends in checks:
        with subtests.test(f"{job.name} {because}"):
            letter_id = morgue.bury(job)
            [seen] = morgue.forecast(letter_id)
            assert (seen.omen, seen.ends) == (omen, ends)
            assert because in seen.because
            [job_id] = morgue.replay(letter_id)
            assert morgue.attempt(job_id) is ends


def test_replays_about_leads_do_what_their_forecasts_say(
    bench: Bench, morgue: Morgue, subtests: pytest.Subtests
) -> None:
    with bench.database.tenant(bench.tenant) as tx:
        known, deaf, bare = (capture(tx, f"{name}@acme.test") for name in ("ada", "bob", "cy"))
    bench.do(registered()["lead.enrich"], EnrichLead(lead_id=known))
    morgue.peek("UPDATE outrider.leads SET deleted_at = now() WHERE id = %s", deaf)
    _confirm(
        morgue,
        subtests,
        (EnrichLead(lead_id=known), Omen.RUNS, "nothing stands", Ending.DONE),
        (ScoreLead(lead_id=known), Omen.RUNS, "nothing stands", Ending.DONE),
        (ScoreLead(lead_id=bare), Omen.FAILS, "no enrichment result", Ending.DEAD),
        (ScoreLead(lead_id=deaf), Omen.BLOCKED, "deleted: There is no lead", Ending.DEAD),
        (EnrichLead(lead_id=deaf), Omen.BLOCKED, "deleted: There is no lead", Ending.DEAD),
        (SendStep(step_id=uuid4(), epoch=1), Omen.FAILS, "There is no step", Ending.DEAD),
        (FillCampaigns(), Omen.RUNS, "it had no effect", Ending.DONE),
    )
    morgue.peek("UPDATE outrider.leads SET email = NULL, erased_at = now() WHERE id = %s", bare)
    _confirm(
        morgue,
        subtests,
        (EnrichLead(lead_id=bare), Omen.FAILS, "no e-mail address", Ending.DEAD),
    )


def test_replays_about_mail_do_what_their_forecasts_say(
    outreach: Outreach, morgue: Morgue, subtests: pytest.Subtests
) -> None:
    bob = outreach.enroll("bob@example.test")
    outreach.send(bob.id)
    matched, _ = match(outreach, reply(outreach, "When can we talk?"))
    read = understand(outreach, reply(outreach, "Are you there?"))
    with outreach.database.tenant(outreach.tenant) as tx:
        new = mails.store(tx, None, letter("Who are you?"), "imap:INBOX")
    assert new
    settled = UUID(str(read["id"]))
    paused = outreach.enrollment(bob.id)
    _confirm(
        morgue,
        subtests,
        (MatchMail(mail_id=matched), Omen.NOTHING, "the mail was matched", Ending.DONE),
        (MatchMail(mail_id=new), Omen.RUNS, "nothing stands", Ending.DONE),
        (MatchMail(mail_id=uuid4()), Omen.FAILS, "There is no mail", Ending.DEAD),
        (ClassifyMail(mail_id=matched), Omen.RUNS, "nothing stands", Ending.DONE),
        (ClassifyMail(mail_id=matched), Omen.NOTHING, "the mail was read", Ending.DONE),
        (SettleHold(reply_id=settled), Omen.RUNS, "nothing stands", Ending.DONE),
        (SettleHold(reply_id=uuid4()), Omen.FAILS, "There is no reply", Ending.DEAD),
        (ResumeEnrollment(enrollment_id=bob.id, epoch=paused.epoch), Omen.BLOCKED, "enrollment",
         Ending.DONE),
    )  # fmt: skip


def _busy_then_done(
    telling: Telling, morgue: Morgue, subtests: pytest.Subtests, batch_id: UUID
) -> None:
    """Another job makes the call; then it is done, and nobody makes it again."""
    tell = UpsertContacts(batch_id=batch_id)
    [(connection_id,)] = telling.peek("SELECT id FROM outrider.crm_connections")
    key, other = f"crm:{connection_id}:{batch_id}", start(telling.database, telling.tenant)
    mine = {"job_id": other.id, "token": other.token}
    with telling.database.tenant(telling.tenant) as tx:
        effects.claim(tx, key, EffectClass.REPEATABLE, **mine)
    busy = f"job {other.id} is making this call"
    _confirm(morgue, subtests, (tell, Omen.WAITS, busy, Ending.OPEN))
    with telling.database.tenant(telling.tenant) as tx:
        effects.settle(tx, key, token=other.token, response={"pushes": []})
        claims.complete(tx, other.id, other.token)
    _confirm(morgue, subtests, (tell, Omen.SETTLES, "its effect is done", Ending.DONE))


def test_a_batchs_replay_does_what_its_forecast_says(
    telling: Telling, morgue: Morgue, crm: FakeCrm, subtests: pytest.Subtests
) -> None:
    telling.lead("ada@firm.example")
    [batch_id] = telling.collect()
    tell = UpsertContacts(batch_id=batch_id)
    _confirm(
        morgue,
        subtests,
        (tell, Omen.RUNS, "nothing stands", Ending.DONE),
        (tell, Omen.NOTHING, "the batch is through", Ending.DONE),
    )
    assert len(crm.contacts) == 1
    telling.upsert()  # the batch's own job finds nothing
    telling.lead("bob@firm.example")
    [later] = telling.collect()
    _busy_then_done(telling, morgue, subtests, later)
    assert telling.upsert()[0] is JobOutcome.DONE, "the batch's own job"
    later = telling.collect()[-1]
    morgue.peek(
        "UPDATE outrider.crm_connections SET status = 'needs_reauth', status_reason = 'token'"
    )
    _confirm(
        morgue,
        subtests,
        (UpsertContacts(batch_id=later), Omen.BLOCKED, "not connected (token)", Ending.DONE),
    )
    assert len(crm.contacts) == 1
