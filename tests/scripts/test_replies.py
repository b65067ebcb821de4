"""`outrider replies`: JSON lines in and out, the list, and a person's word that counts."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from db import Database, mails, replies
from db.replies import NewReply
from schemas.enums import MailMatch, ReplyAuthor, ReplyDecision, ReplyIntent
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]
FIELDS = {"id", "author", "intent", "intents", "confidence", "abstain", "reply_text", "language",
          "return_date", "referral", "bounce", "reasons"}  # fmt: skip
RAW = b"From: bob@example.test\nDate: Mon, 23 Nov 2026 10:00:00 +0100\nAuto-Submitted: auto-replied\n\nI am on holiday, back on 11 December."
LINES = (
    {"id": "a", "raw_b64": base64.b64encode(RAW).decode()},
    {"id": 2, "subject": "Re: Hi", "headers": {"From": "bob@example.test"}, "body": "Not interested, thanks."},
    {"id": None, "html": "<p>Sounds good, tell me more.</p><blockquote>unsubscribe</blockquote>"},
)  # fmt: skip


def lines(tmp_path: Path, *told: object) -> Path:
    file = tmp_path / "mails.jsonl"
    file.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in told))
    return file


def test_each_line_gets_its_verdict_in_order(outrider: Outrider, tmp_path: Path) -> None:
    said = outrider("replies", "classify", "--file", str(lines(tmp_path, *LINES)))
    assert said.code == 0
    told = [json.loads(line) for line in said.out.splitlines()]
    assert [(one["id"], one["author"], one["intent"]) for one in told] == [
        ("a", "out_of_office", "out_of_office"),
        (2, "human", "not_interested"),
        (None, "human", "interested"),
    ]
    assert told[0]["return_date"] == "2026-12-11"
    assert all(one.keys() >= FIELDS for one in told)


def test_parse_gives_the_form_without_the_intent(outrider: Outrider, tmp_path: Path) -> None:
    said = outrider("replies", "parse", "--file", str(lines(tmp_path, LINES[2])))
    told = json.loads(said.out)
    assert told["reply_text"] == "Sounds good, tell me more."
    assert not told.keys() & {"intent", "intents", "abstain"}


@pytest.mark.parametrize(
    ("line", "field"),
    [("{", "not JSON"), ("[]", "object"), ({"id": 1}, "raw_b64"), ({"raw_b64": "!"}, "raw_b64"),
     ({"body": 7}, "body"), ({"body": "x", "headers": []}, "")],
)  # fmt: skip
def test_a_wrong_line_is_named(
    outrider: Outrider, tmp_path: Path, line: object, field: str
) -> None:
    said = outrider("replies", "classify", "--file", str(lines(tmp_path, LINES[1], line)))
    if field:
        assert said.code == 1
        assert "line 2: " in said.err
        assert field in said.err
    else:  # no headers at all are as good as none
        assert said.code == 0


@pytest.fixture
def waiting(database: Database, tenant: UUID, peek: Callable[..., list[tuple[Any, ...]]]) -> UUID:
    """A mail that waits for a person."""
    with database.tenant(tenant) as tx:
        mail_id = mails.store(tx, None, b"x", "test")
        assert mail_id
        mails.set_match(tx, mail_id, MailMatch.NONE)
        reply_id = replies.record(tx, NewReply(
            mail_id, None, None, ReplyAuthor.HUMAN, ReplyIntent.OTHER, None, {}, 0.3,
            abstain=True, return_date=None, classifier="rules-1"))  # fmt: skip
        assert reply_id
        replies.decide(tx, reply_id, ReplyDecision.REVIEW, "what it says is not certain")
    return reply_id


def test_what_waits_for_a_person_is_listed(outrider: Outrider, waiting: UUID) -> None:
    [row] = outrider("replies", "list", "--tenant", "acme", "--review", "--json").json()
    assert (row["id"], row["intent"], row["decision"]) == (str(waiting), "other", "review")
    assert "1 other by human" in outrider("replies", "list", "--tenant", "acme").out


def test_a_person_s_word_counts_is_acted_on_and_is_audited(
    outrider: Outrider, waiting: UUID, peek: Callable[..., list[tuple[Any, ...]]]
) -> None:
    said = outrider("replies", "review", str(waiting), "--tenant", "acme", "--intent", "question",
                    "--reason", "asks for the price", "--json")  # fmt: skip
    assert said.code == 0
    told = said.json()
    assert (told["intent"], told["abstain"], told["decision"]) == ("question", False, None)
    assert told["reviewed_by"]
    assert peek(
        "SELECT payload ->> 'reply_id' FROM outrider.jobs WHERE actor = 'enrollment.settle'"
    ) == [(str(waiting),)]
    assert peek(
        "SELECT action, reason, details FROM outrider.audit_logs WHERE resource_type = 'reply'"
    ) == [("review", "asks for the price", {"from": "other", "to": "question"})]
    outrider("replies", "review", str(waiting), "--tenant", "acme", "--intent", "other")
    assert peek("SELECT count(*) FROM outrider.jobs WHERE actor = 'enrollment.settle'") == [(2,)]


def test_a_review_of_nothing_changes_nothing(outrider: Outrider, tenant: UUID) -> None:
    said = outrider("replies", "review", str(uuid4()), "--tenant", "acme", "--intent", "question")
    assert said.code == 1
    assert "no reply" in said.err
