"""The prospects' answers as real RFC 5322 bytes: people, absences, tickets, bounces, complaints.

Pure: the same mail and seed give the same bytes. Everybody quotes us, so that a word of our own
footer is in most of what comes back. Refuses to answer a mail that its person leaves alone.
"""

from dataclasses import dataclass
from datetime import date, datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from html import escape

from providers.standins.prospect_words import VOICES, Voice
from providers.standins.prospects import Habit, Kind, Received, answered_at, habit, return_date

_COLLEAGUES = ("Petra Vogt", "Marc Olsen", "Ines Duarte", "Paul Kerr")
_COMPLAINTS = "feedback@abuse.mailprovider.example"
_SPOKEN: dict[Kind, str] = {
    Kind.INTERESTED: "interested", Kind.QUESTION: "question", Kind.MEETING: "meeting",
    Kind.NOT_INTERESTED: "not_interested", Kind.NOT_NOW: "not_now",
    Kind.UNSUBSCRIBE: "unsubscribe", Kind.COLLEAGUE: "interested",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person does, and when: a mail to our mailbox, or a POST to our unsubscribe link."""

    kind: Kind
    due: datetime
    mailbox: str
    envelope_sender: str = ""
    raw: bytes | None = None
    post_url: str | None = None


def answer(mail: Received, seed: int) -> Answer | None:
    """What the recipient of a mail does about it; None: nothing, as most."""
    how = habit(mail.recipient, seed)
    if how.step != mail.step or how.kind in {Kind.SILENT, Kind.REFUSED}:
        return None
    due = answered_at(mail, how)
    if how.kind is Kind.ONE_CLICK:
        return Answer(how.kind, due, mail.sender, post_url=mail.unsubscribe_url)
    raw, writer = _letter(mail, how, due)
    return Answer(how.kind, due, mail.sender, writer, raw)


def _letter(mail: Received, how: Habit, due: datetime) -> tuple[bytes, str]:
    """The bytes and the envelope's sender; machines have none (RFC 3834, RFC 5321 §4.5.5)."""
    match how.kind:
        case Kind.BOUNCE:
            return _bounce(mail, due), ""
        case Kind.COMPLAINT:
            return _complaint(mail, due), ""
        case Kind.OWN_COPY:
            return b"X-Forwarded-By: rule 'copies of what we sent'\r\n" + mail.raw, mail.sender
        case Kind.ABSENT:
            return _absence(mail, how, due).as_bytes(), ""
        case Kind.TICKET:
            return _ticket(mail, how, due).as_bytes(), ""
        case _:
            written = _human(mail, how, due)
            return written.as_bytes(), str(written["From"].addresses[0].addr_spec)


def _human(mail: Received, how: Habit, due: datetime) -> EmailMessage:
    voice = VOICES[how.language]
    phrases: tuple[str, ...] = getattr(voice, _SPOKEN[how.kind])
    name, address = mail.recipient_name or mail.recipient.partition("@")[0], mail.recipient
    if how.kind is Kind.COLLEAGUE:
        name = _COLLEAGUES[how.draw % len(_COLLEAGUES)]
        address = f"{name.lower().replace(' ', '.')}@{_company(mail)}"
    newest = f"{phrases[how.draw % len(phrases)]}\n\n{voice.regards}\n{name}\n"
    reply = _reply(mail, due, writer=(name, address))
    reply["Subject"] = _re(mail.subject)
    reply["X-Mailer"] = "Prospect 1.0"
    classic = how.draw % 3 == 1
    quote = _classic(mail, voice) if classic else _quoted(mail, voice)
    reply.set_content(f"{newest}\n{quote}")
    if how.draw % 4 == 0:
        reply.add_alternative(_html(newest, mail, voice), subtype="html")
        reply.set_boundary(_boundary(mail, "reply"))
    return reply


def _re(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _company(mail: Received) -> str:
    domain = mail.recipient.rpartition("@")[2]
    return domain if domain.endswith(".example") else "partner-office.example"


def _reply(mail: Received, due: datetime, *, writer: tuple[str, str]) -> EmailMessage:
    reply = EmailMessage(policy=SMTP)
    reply["From"] = _mailbox(*writer)
    reply["To"] = _mailbox(mail.sender_name, mail.sender)
    reply["Date"] = format_datetime(due)
    reply["Message-ID"] = _message_id(mail, "reply")
    reply["In-Reply-To"] = mail.message_id
    reply["References"] = mail.message_id
    return reply


def _mailbox(name: str, address: str) -> str:
    quoted = name.replace("\\", "").replace('"', "")
    return f'"{quoted}" <{address}>' if quoted else address


def _message_id(mail: Received, what: str) -> str:
    name = sha256(f"{what}:{mail.message_id}".encode()).hexdigest()[:24]
    return f"<{name}@{mail.recipient.rpartition('@')[2]}>"


def _boundary(mail: Received, what: str) -> str:
    return f"=_{sha256(f'{what}:{mail.message_id}'.encode()).hexdigest()[:20]}"


def _spelled(day: date, voice: Voice) -> str:
    return voice.day.format(d=day.day, month=voice.months.split()[day.month - 1], y=day.year)


def _quoted(mail: Received, voice: Voice) -> str:
    """As Gmail and Apple Mail do it: a line that names us, and ours behind ">"."""
    head = voice.wrote.format(
        date=_spelled(mail.sent_at.date(), voice), name=mail.sender_name, email=mail.sender
    )
    return "\n".join([head, "", *(f"> {line}".rstrip() for line in mail.text.splitlines()), ""])


def _classic(mail: Received, voice: Voice) -> str:
    """As Outlook does it: four header lines, and ours as it was."""
    told = (f"{mail.sender_name} <{mail.sender}>", _spelled(mail.sent_at.date(), voice),
            mail.recipient, mail.subject)  # fmt: skip
    lines = [f"{word}: {value}" for word, value in zip(voice.original, told, strict=True)]
    return "\n".join(["_" * 32, *lines, "", mail.text])


def _html(newest: str, mail: Received, voice: Voice) -> str:
    said = "<br>".join(escape(line) for line in newest.splitlines())
    ours = "<br>".join(escape(line) for line in mail.text.splitlines())
    head = voice.wrote.format(
        date=_spelled(mail.sent_at.date(), voice), name=mail.sender_name, email=mail.sender
    )
    return (
        f'<html><body><div dir="auto">{said}</div><br><div class="gmail_quote">{escape(head)}<br>'
        f"<blockquote>{ours}</blockquote></div></body></html>"
    )


def _absence(mail: Received, how: Habit, due: datetime) -> EmailMessage:
    voice = VOICES[how.language]
    name = mail.recipient_name or mail.recipient
    note = _reply(mail, due, writer=(mail.recipient_name, mail.recipient))
    note["Subject"] = voice.absent_subject.format(subject=mail.subject)
    note["Auto-Submitted"] = "auto-replied"
    note["X-Auto-Response-Suppress"] = "All"
    text = voice.absent[how.draw % len(voice.absent)]
    back = _spelled(return_date(mail, how), voice)
    note.set_content(f"{text.format(day=back)}\n\n{voice.regards}\n{name}\n")
    return note


def _ticket(mail: Received, how: Habit, due: datetime) -> EmailMessage:
    voice, number = VOICES[how.language], 100_000 + how.draw
    note = _reply(mail, due, writer=("Service Desk", f"support@{_company(mail)}"))
    note["Subject"] = voice.ticket_subject.format(n=number)
    note["Auto-Submitted"] = "auto-generated"
    note["Precedence"] = "bulk"
    note.set_content(f"{voice.ticket.format(n=number)}\n\n{_quoted(mail, voice)}")
    return note


def _report(mail: Received, due: datetime, what: str, writer: str, subject: str) -> tuple[str, str]:
    """The head of a multipart/report (RFC 6522) and its boundary."""
    boundary = _boundary(mail, what)
    head = (
        f"From: {writer}\nTo: {mail.sender}\nSubject: {subject}\nDate: {format_datetime(due)}\n"
        f"Message-ID: {_message_id(mail, what)}\nAuto-Submitted: auto-generated\n"
        f"MIME-Version: 1.0\nContent-Type: multipart/report; report-type={what};\n"
        f' boundary="{boundary}"\n\n'
    )
    return head, boundary


def _bounce(mail: Received, due: datetime) -> bytes:
    """A delivery status notification (RFC 3464) with the head of what could not be delivered."""
    domain = mail.recipient.rpartition("@")[2]
    head, line = _report(mail, due, "delivery-status", f"Mail Delivery System <MAILER-DAEMON@{domain}>",
                         "Undelivered Mail Returned to Sender")  # fmt: skip
    original = mail.raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n", "\n")
    said = f"550 5.1.1 <{mail.recipient}>: Recipient address rejected: User unknown"
    text = (
        f"{head}--{line}\nContent-Type: text/plain; charset=us-ascii\n\n"
        f"This is the mail system at host mx.{domain}.\n\nI'm sorry to have to inform you that your "
        f"message could not\nbe delivered to one or more recipients.\n\n<{mail.recipient}>: {said}\n\n"
        f"--{line}\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.{domain}\nArrival-Date: {format_datetime(mail.sent_at)}\n\n"
        f"Final-Recipient: rfc822; {mail.recipient}\nAction: failed\nStatus: 5.1.1\n"
        f"Diagnostic-Code: smtp; {said}\n\n"
        f"--{line}\nContent-Type: text/rfc822-headers\n\n{original}\n\n--{line}--\n"
    )
    return text.replace("\n", "\r\n").encode()


def _complaint(mail: Received, due: datetime) -> bytes:
    """A feedback report (RFC 5965): somebody pressed "this is spam"; our whole mail is in it."""
    head, line = _report(mail, due, "feedback-report", f"Feedback Loop <{_COMPLAINTS}>",
                         Header(f"FW: {mail.subject}").encode())  # fmt: skip
    text = (
        f"{head}--{line}\nContent-Type: text/plain; charset=us-ascii\n\n"
        f"This is an email abuse report for an email message received from {mail.sender}\n"
        f"on {format_datetime(mail.sent_at)}.\n\n"
        f"--{line}\nContent-Type: message/feedback-report\n\n"
        f"Feedback-Type: abuse\nUser-Agent: StandIn/1.0\nVersion: 1\n"
        f"Original-Mail-From: <{mail.sender}>\nOriginal-Rcpt-To: <{mail.recipient}>\n"
        f"Arrival-Date: {format_datetime(mail.sent_at)}\n\n"
        f"--{line}\nContent-Type: message/rfc822\n\n"
    )
    return text.replace("\n", "\r\n").encode() + mail.raw + f"\r\n--{line}--\r\n".encode()
