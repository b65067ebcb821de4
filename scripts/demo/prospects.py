"""The prospects at work: they read the mail server's archive, wait, and answer over SMTP and HTTP.

They know the fleet by its mails alone. Refuses to look into our database.
"""

import base64
import heapq
import itertools
import json
import smtplib
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import httpx2

from providers.standins.prospect_mails import Answer, answer
from providers.standins.prospects import Received, Truth, received, truth

_ONE_CLICK = "List-Unsubscribe=One-Click"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail of ours that the world's mail server took, by its archive."""

    number: int
    mail: Received


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was given, to which mail, and how it has to be understood."""

    answer: Answer
    to: Received
    truth: Truth | None
    after: int = 0
    """The last mail of ours in the archive, of whomever, when the answer was given."""


@dataclass(slots=True)
class Crowd:
    """Everybody we write to."""

    archive: Path
    smtp_port: int
    seed: int
    arrived: list[Arrived] = field(default_factory=list[Arrived])
    answered: list[Answered] = field(default_factory=list[Answered])
    _read_to: int = 0
    _last: int = 0
    _order: "itertools.count[int]" = field(default_factory=itertools.count)
    _waiting: list[tuple[datetime, int, Answered]] = field(
        default_factory=list[tuple[datetime, int, Answered]]
    )
    _smtp: smtplib.SMTP | None = None

    @property
    def next_due(self) -> datetime | None:
        """When the next answer is given; None: nobody has anything to say."""
        return self._waiting[0][0] if self._waiting else None

    def last_due_before(self, moment: datetime) -> datetime | None:
        """When the last answer before a moment is given; None: none is."""
        return max((due for due, _, _ in self._waiting if due < moment), default=None)

    @property
    def mails_sent(self) -> int:
        """How many answers were mails, each to one of our mailboxes."""
        return sum(one.answer.raw is not None for one in self.answered)

    def look(self) -> int:
        """Read what arrived since the last look, and make up one's mind; how many mails."""
        with self.archive.open("rb") as file:
            file.seek(self._read_to)
            lines = file.read()
        whole = lines[: lines.rfind(b"\n") + 1]
        self._read_to += len(whole)
        told = [json.loads(line) for line in whole.splitlines()]
        ours = [line for line in told if line["authenticated_as"]]
        for line in ours:
            self._receive(int(line["seq"]), received(base64.b64decode(line["raw_b64"])))
        return len(ours)

    def _receive(self, number: int, mail: Received) -> None:
        self.arrived.append(Arrived(number, mail))
        self._last = number
        reaction = answer(mail, self.seed)
        if reaction:
            meant = Answered(reaction, mail, truth(mail, self.seed))
            heapq.heappush(self._waiting, (reaction.due, next(self._order), meant))

    def give(self, until: datetime) -> int:
        """Give every answer that is due by then, in the order of time; how many."""
        given = 0
        while self._waiting and self._waiting[0][0] <= until:
            _, _, one = heapq.heappop(self._waiting)
            self._give(one.answer)
            self.answered.append(replace(one, after=self._last))
            given += 1
        return given

    def _give(self, one: Answer) -> None:
        if one.post_url is not None:
            headers = {"content-type": "application/x-www-form-urlencoded"}
            httpx2.post(
                one.post_url, content=_ONE_CLICK, headers=headers, timeout=30
            ).raise_for_status()
        elif one.raw is not None:
            if self._smtp is None:
                self._smtp = smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=30)
            self._smtp.sendmail(one.envelope_sender, [one.mailbox], one.raw)

    def close(self) -> None:
        """Hang up; idempotent."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None
