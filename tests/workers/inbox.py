"""Mails that come in, and what becomes of them: what the tests of replies do again and again."""

from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

from db import mails, suppressions
from schemas.enums import JobOutcome, SuppressionReason
from schemas.jobs import ClassifyMail, MatchMail, SettleHold
from tests.fix_outreach import Outreach
from workers import replies as _replies
from workers.actor import registered

assert _replies
MATCH, CLASSIFY, SETTLE = (registered()[job.name] for job in (MatchMail, ClassifyMail, SettleHold))


def ours(outreach: Outreach) -> EmailMessage:
    """The last mail that we sent."""
    return outreach.mails()[-1]


def letter(text: str, *, sender: str = "bob@example.test", **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Somebody <{sender}>", "sales@acme.test"
    mail["Subject"] = headers.pop("Subject", "Re: Hello")
    mail["Date"] = "Mon, 23 Nov 2026 12:00:00 +0100"
    mail["Message-ID"] = f"<{uuid4()}@example.test>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def reply(outreach: Outreach, text: str, **more: str) -> bytes:
    return letter(text, In_Reply_To=str(ours(outreach)["Message-ID"]), **more)


def bounce(recipient: str, *, returned: bytes | None = None, status: str = "5.1.1",
           said: str = "550 5.1.1 User unknown", sender: str = "MAILER-DAEMON@mx.test") -> bytes:  # fmt: skip
    head = returned.split(b"\n\n")[0].replace(b"\r", b"").decode() if returned else "Subject: x"
    return f"""From: Mail Delivery System <{sender}>
To: sales@acme.test
Subject: Undelivered Mail Returned to Sender
Message-ID: <{uuid4()}@mx.test>
Date: Mon, 23 Nov 2026 12:00:00 +0100
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test

Final-Recipient: rfc822; {recipient}
Action: failed
Status: {status}
Diagnostic-Code: smtp; {said}

--b
Content-Type: text/rfc822-headers

{head}

--b--
""".encode()


def complaint(returned: bytes, kind: str = "abuse") -> bytes:
    return (
        (
            f"""From: Feedback <fbl@isp.test>
To: sales@acme.test
Subject: FW: Hello
Message-ID: <{uuid4()}@isp.test>
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
Version: 1

--b
Content-Type: message/rfc822

"""
        ).encode()
        + returned
        + b"\n--b--\n"
    )


def receive(outreach: Outreach, raw: bytes, *, mailbox: bool = True) -> UUID:
    found = outreach.peek("SELECT id FROM outrider.mailboxes")
    mailbox_id = found[0][0] if mailbox and found else None
    with outreach.database.tenant(outreach.tenant) as tx:
        mail_id = mails.store(tx, mailbox_id, raw, "imap:INBOX")
    assert mail_id
    return mail_id


def match(outreach: Outreach, raw: bytes, *, mailbox: bool = True) -> tuple[UUID, str]:
    """Store a mail and match it; how it was matched."""
    mail_id = receive(outreach, raw, mailbox=mailbox)
    job_id = outreach.bench.do(MATCH, MatchMail(mail_id=mail_id))
    assert outreach.bench.state(job_id) == (JobOutcome.DONE, 1)
    [(how,)] = outreach.peek("SELECT matched_by::text FROM outrider.mails WHERE id = %s", mail_id)
    return mail_id, str(how)


def understand(outreach: Outreach, raw: bytes) -> dict[str, Any]:
    """Match and classify a mail; its reply's row."""
    mail_id, _ = match(outreach, raw)
    job_id = outreach.bench.do(CLASSIFY, ClassifyMail(mail_id=mail_id))
    assert outreach.bench.state(job_id) == (JobOutcome.DONE, 1)
    [(row,)] = outreach.peek(
        "SELECT to_jsonb(r) FROM outrider.replies r WHERE mail_id = %s", mail_id
    )
    return row


def suppressed(outreach: Outreach, email: str) -> SuppressionReason | None:
    with outreach.database.tenant(outreach.tenant) as tx:
        return suppressions.because(tx, email)


def jobs(outreach: Outreach, actor: str) -> int:
    [(count,)] = outreach.peek("SELECT count(*) FROM outrider.jobs WHERE actor = %s", actor)
    return int(count)
