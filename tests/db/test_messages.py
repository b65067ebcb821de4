"""The book of mails: what was sent is found again, and a conversation reads in its order."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from db import messages
from db.enrollments import Enrollment
from db.messages import NewOutbound
from schemas.enums import MessageDirection, MessageStatus
from schemas.jobs import MatchMail, SettleHold
from tests.fix_outreach import MONDAY, Outreach
from tests.workers.inbox import MATCH, SETTLE, reply, understand


def outbound(bob: Enrollment, key: str) -> NewOutbound:
    return NewOutbound(
        enrollment_id=bob.id, lead_id=bob.lead_id, mailbox_id=bob.mailbox_id, step_number=1, epoch=1,
        effect_key=key, day=MONDAY.date(), rfc_message_id="<a@acme.test>", in_reply_to=None,
        reference_ids=[], from_address="sales@acme.test", to_address="bob@example.test",
        subject="Hi", body_text="first try",
    )  # fmt: skip


@pytest.fixture
def bob(outreach: Outreach) -> Enrollment:
    """Somebody whom we wrote to."""
    bob = outreach.enroll("bob@example.test")
    outreach.send(bob.id)
    return bob


def test_a_mail_of_ours_is_found_by_its_id_its_effect_and_its_recipient(
    outreach: Outreach, bob: Enrollment
) -> None:
    [mail] = outreach.mails()
    with outreach.database.tenant(outreach.tenant) as tx:
        found = messages.find_by_rfc_id(tx, ["<other@x>", mail["Message-ID"]])
        assert found
        assert (found.enrollment_id, found.step_number) == (bob.id, 1)
        assert found.status is MessageStatus.SENT
        assert messages.find_by_effect(tx, found.effect_key) == found
        assert messages.find_last_outbound_to(tx, "BOB@Example.test", bob.mailbox_id) == found
        assert messages.find_last_outbound_to(tx, "bob@example.test", uuid4()) is None
        assert messages.find_by_rfc_id(tx, []) is None
    outreach.at(MONDAY + timedelta(days=92))
    with outreach.database.tenant(outreach.tenant) as tx:
        assert messages.find_last_outbound_to(tx, "bob@example.test", bob.mailbox_id) is None


@pytest.mark.system(28)
def test_a_conversation_is_read_in_the_order_it_happened_with_the_exact_texts(
    outreach: Outreach, bob: Enrollment
) -> None:
    """Outbound and inbound of one lead are returned in time order with the exact bodies that were
    sent
    """
    written = "This is an automated message.\n\n  Zwölf Boxkämpfer -- und Viktor.\nBob"
    row = understand(outreach, reply(outreach, written, Subject="Automatic reply: Hello"))
    outreach.bench.do(MATCH, MatchMail(mail_id=UUID(row["mail_id"])))  # twice: said once
    outreach.bench.do(SETTLE, SettleHold(reply_id=UUID(row["id"])))
    outreach.send(bob.id)
    with outreach.database.tenant(outreach.tenant) as tx:
        said = messages.list_of_lead(tx, bob.lead_id)
    out, back = MessageDirection.OUTBOUND, MessageDirection.INBOUND
    assert [line.direction for line in said] == [out, back, out]
    first, second = (mail.get_content().replace("\r\n", "\n") for mail in outreach.mails())
    assert [line.body_text for line in said] == [first, written, second]


def test_a_mail_that_may_be_out_is_not_claimed_again_and_one_that_failed_is(
    outreach: Outreach, sick: list[str]
) -> None:
    sick += ["mailboxes.cap", "messages.unledgered"]  # claimed without a cap and without a call
    bob = outreach.enroll("eve@example.test")
    with outreach.database.tenant(outreach.tenant) as tx:
        messages.claim_outbound(tx, outbound(bob, "email:1"))
        failed = messages.fail(tx, "email:1", "421")
        assert failed
        assert failed.status is MessageStatus.FAILED
        assert messages.fail(tx, "email:1", "421") is None
        messages.claim_outbound(tx, outbound(bob, "email:1"))
        assert messages.settle_sent(tx, "email:1")
        assert not messages.settle_sent(tx, "email:1")
    with (
        outreach.database.tenant(outreach.tenant) as tx,
        pytest.raises(LookupError, match="out, or may be"),
    ):
        messages.claim_outbound(tx, outbound(bob, "email:1"))
