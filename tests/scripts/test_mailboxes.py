"""`outrider mailboxes`: add, try out, list, pause and resume; wrong input names the option."""

import io
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from db import Database, mailboxes
from tests.fix_mail import SALES, Post
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]
Peek = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def added(
    outrider: Outrider, tenant: UUID, post: Post, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    """`mailboxes add` for the server of this test, with the password in the environment."""

    def add(*options: str, password: str = SALES.password) -> Said:
        monkeypatch.setenv("SALES_PASSWORD", password)
        ports = post.running.ports
        return outrider(
            "mailboxes", "add", SALES.email, "--tenant", "acme", "--security", "none",
            "--smtp", f"127.0.0.1:{ports['smtp']}", "--imap", f"127.0.0.1:{ports['imap']}",
            "--password-env", "SALES_PASSWORD", *options,
        )  # fmt: skip

    return add


def test_a_mailbox_is_added_tried_out_and_listed(
    outrider: Outrider, added: Callable[..., Said], peek: Peek
) -> None:
    said = added("--cap", "7", "--sent-folder", "Sent", "--timezone", "Europe/Berlin")
    assert (said.code, said.err) == (0, "")
    assert SALES.password not in said.out
    tried = outrider("mailboxes", "test", SALES.email, "--tenant", "acme", "--json")
    assert tried.code == 0, tried.out
    assert [trial["works"] for trial in tried.json()] == [True, True, True]
    [row] = outrider("mailboxes", "list", "--tenant", "acme", "--json").json()
    assert (row["email"], row["status"], row["sent_today"], row["daily_cap"], row["read_at"]) == (
        SALES.email, "active", 0, 7, None)  # fmt: skip
    assert "sales@us.test" in outrider("mailboxes", "list", "--tenant", "acme").out
    assert peek("SELECT action FROM outrider.audit_logs") == [("mailbox.create",)]
    [(box,)] = peek("SELECT sealed FROM outrider_secret.credentials WHERE owner_type = 'mailbox'")
    assert SALES.password.encode() not in bytes(box)


def test_a_trial_says_what_does_not_work_and_ends_so(
    outrider: Outrider, added: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    added("--sent-folder", "Nowhere", password="wrong")
    tried = outrider("mailboxes", "test", SALES.email, "--tenant", "acme", "--json")
    assert tried.code == 1
    sending, reading, searching = tried.json()
    assert "535" in sending["says"]
    assert "refused the login" in reading["says"]
    assert "refused the login" in searching["says"]
    monkeypatch.setattr("sys.stdin", io.StringIO(SALES.password + "\n"))
    said = outrider("mailboxes", "password", SALES.email, "--tenant", "acme", "--password-stdin")
    assert (said.code, said.err) == (0, "")
    tried = outrider("mailboxes", "test", SALES.email, "--tenant", "acme", "--json")
    assert [trial["works"] for trial in tried.json()] == [True, True, False]
    assert "refused the folder 'Nowhere'" in tried.json()[2]["says"]


def test_a_pause_has_a_reason_that_is_listed(
    outrider: Outrider, added: Callable[..., Said], peek: Peek
) -> None:
    added()
    where = (SALES.email, "--tenant", "acme")
    assert "now paused" in outrider("mailboxes", "pause", *where, "--reason", "holiday").out
    assert "already paused" in outrider("mailboxes", "pause", *where, "--reason", "more").out
    assert "holiday" in outrider("mailboxes", "list", "--tenant", "acme").out
    assert "now active" in outrider("mailboxes", "resume", *where).out
    assert "already active" in outrider("mailboxes", "resume", *where).out
    trail = peek("SELECT action, reason FROM outrider.audit_logs ORDER BY id")
    assert ("mailbox.pause", "holiday") in trail


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--smtp", "nowhere"], "--smtp: 'nowhere' is not HOST:PORT"),
        (["--imap", "x:99999"], "--imap: 'x:99999' is not HOST:PORT"),
        (["--timezone", "Mars/Base"], "--timezone: 'Mars/Base' is no IANA zone"),
        (["--imap", "mail.example.com:143"], "security: mail.example.com would be spoken to in the clear"),
        (["--password-env", "ABSENT"], "password: the environment variable ABSENT holds none"),
        (["--password-stdin"], "--password-stdin and --password-env: give one of them"),
        (["--tenant", "nobody"], "There is no tenant nobody"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name_and_nothing_is_written(
    added: Callable[..., Said], peek: Peek, options: list[str], says: str
) -> None:
    said = added(*options)
    assert (said.code, says in said.err) == (1, True), said.err
    assert peek("SELECT 1 FROM outrider.mailboxes") == []
    assert peek("SELECT 1 FROM outrider_secret.credentials") == []


def test_an_address_is_added_once(outrider: Outrider, added: Callable[..., Said]) -> None:
    added()
    assert "is a mailbox already" in added(password="other").err
    tried = outrider("mailboxes", "test", SALES.email, "--tenant", "acme")
    assert tried.code == 0, "the first password holds"
    assert "is not an e-mail address" in outrider(
        "mailboxes", "add", "nobody", "--tenant", "acme", "--smtp", "127.0.0.1:1").err  # fmt: skip


def test_a_server_that_asks_for_nothing_needs_no_password(
    outrider: Outrider, tenant: UUID, database: Database
) -> None:
    said = outrider("mailboxes", "add", "relay@us.test", "--tenant", "acme", "--smtp",
                    "127.0.0.1:1", "--security", "none", "--json")  # fmt: skip
    assert said.json()["username"] is None
    tried = outrider("mailboxes", "test", "relay@us.test", "--tenant", "acme", "--json")
    assert [trial["tried"] for trial in tried.json()] == ["send by 127.0.0.1:1"]
    given = outrider("mailboxes", "add", "x@us.test", "--tenant", "acme", "--smtp", "127.0.0.1:1",
                     "--security", "none", "--username", "x")  # fmt: skip
    assert "give a username and a password, or neither" in given.err
    refused = outrider("mailboxes", "password", "relay@us.test", "--tenant", "acme")
    assert "say where the password comes from" in refused.err


def test_a_mailbox_whose_login_was_refused_goes_on_with_a_password_that_works(
    outrider: Outrider, added: Callable[..., Said], tenant: UUID, database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def state() -> tuple[str, str | None]:
        [row] = outrider("integrations", "list", "--tenant", "acme", "--json").json()
        return row["status"], row["status_reason"]

    added()
    with database.tenant(tenant) as tx:
        mailboxes.need_reauth(tx, mailboxes.get_by_email(tx, SALES.email).id, "535 refused")
    assert state() == ("needs_reauth", "535 refused")
    change = ("password", SALES.email, "--tenant", "acme", "--password-env", "SALES_PASSWORD")
    monkeypatch.setenv("SALES_PASSWORD", "not-it-either")
    still = outrider("mailboxes", *change)
    assert (still.code, "still waits" in still.out) == (1, True)
    assert "not-it-either" not in still.out
    monkeypatch.setenv("SALES_PASSWORD", SALES.password)
    assert "works again" in outrider("mailboxes", *change).out
    assert state() == ("connected", None)
