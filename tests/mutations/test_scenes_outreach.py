"""Scenes of what people get to see: mails in order, none after a stop, none again by a replay."""

from datetime import timedelta

from db import enrollments
from schemas.enums import StopReason
from tests.fix_outreach import Outreach
from tests.mutations.witness import Witness, swallow
from workers.replay import replay


def test_a_stop_commits_before_the_mail_is_claimed(witness: Witness, outreach: Outreach) -> None:
    outreach.enroll("eve@example.test")  # with nobody left in it, the campaign would end as well
    bob = outreach.enroll("bob@example.test")
    step = outreach.steps(bob.id)[-1]
    job_id = outreach.job_of(step)
    outreach.at(step.due_at - timedelta(minutes=5))
    with outreach.database.tenant(outreach.tenant) as tx:
        enrollments.stop(tx, bob.id, StopReason.REPLIED, by="test")
    outreach.at(step.due_at)
    swallow(lambda: outreach.attempt(job_id))
    sent = len(outreach.sender.sent)
    witness.must("I10", sent == 0, f"{sent} mails went out after a stop")
    witness.verdict()


def test_a_sequence_of_three_mails(witness: Witness, outreach: Outreach) -> None:
    bob = outreach.enroll("bob@example.test")
    for _ in range(3):
        swallow(lambda: outreach.send(bob.id))
    subjects = [mail.get_content().strip()[:3] for mail in outreach.mails()]
    witness.must("I10", subjects == ["Fir", "Sec", "Thi"], f"the mails came as {subjects}")
    witness.verdict()


def test_a_dead_letter_is_replayed_twice(witness: Witness, outreach: Outreach) -> None:
    bob = outreach.enroll("bob@example.test")
    witness.peek(
        "ALTER TABLE outrider.step_executions ADD CONSTRAINT broken CHECK (status <> 'sent')"
    )
    witness.peek("UPDATE outrider.jobs SET max_attempts = 1 WHERE actor = 'step.send'")
    outreach.send(bob.id)  # the mail is out, and what should follow cannot be written down
    witness.peek("ALTER TABLE outrider.step_executions DROP CONSTRAINT broken")
    [(letter_id,)] = witness.peek("SELECT id FROM outrider.dead_letters")
    for _ in range(2):
        swallow(lambda: replay(outreach.database, letter_id, operator="test", reason="mended"))
    made = [n for (n,) in witness.peek("SELECT id FROM outrider.jobs WHERE replay_of IS NOT NULL")]
    for job_id in made:
        swallow(lambda job_id=job_id: outreach.attempt(job_id))
    sent = len(outreach.sender.sent)
    witness.must("I12", len(made) == 1, f"replaying twice made {len(made)} jobs")
    witness.must("I12", sent == 1, f"after replaying twice the mail is out {sent} times")
    witness.verdict()
