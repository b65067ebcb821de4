"""No secret is said by anything: a real worker, real refusals that repeat it, and a look everywhere."""

import base64
import io
import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID

import psycopg
import pytest
import redis
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from starlette.testclient import TestClient

from db import Database, credentials, crm_connections, integrations, leads, mailboxes
from db.mailboxes import NewMailbox
from ingress.app import app
from ingress.keys import create
from schemas.enums import LeadStatus, MailSecurity
from schemas.jobs import CheckIntegration, CollectContacts, EnrichLead, ReadMailbox
from schemas.settings import Settings
from telemetry import logs
from telemetry.secrets import Keyring, Purpose
from tests.e2e.conftest import Crew
from tests.e2e.rude import Rude
from tests.e2e.toys import Crash
from tests.factories import capture, enqueue
from tests.fix_world import until
from tests.scripts.conftest import Said, outrider, settings_of_this_test
from workers import mailbox_setup
from workers.crm_batches import token_of

pytestmark = pytest.mark.e2e
assert outrider
assert settings_of_this_test

KEY = "++++SzdxLW1hc3Rlci1rZXktb2YtdGhpcy10ZXN0LTA="
KEYRING = Keyring.from_setting(KEY)
PASSWORD, TOKEN, VENDOR, POISON = (
    "hunter2/Mail+box?", "pat-eu1-SECRET-0001", "phantom-SECRET-0001", "poison-SECRET-0001",
)  # fmt: skip


def forms(secret: str) -> set[str]:
    """What it could look like; written apart from the code that masks it."""
    raw = secret.encode()
    aligned = {
        base64.b64encode(b"x" * lead + raw)[(4 if lead else 0) : -4].decode() for lead in range(3)
    }
    return {secret, quote(secret, safe=""), quote_plus(secret), raw.hex(), raw.hex().upper(),
            base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), *aligned}  # fmt: skip


def said_in(text: str, secrets: dict[str, str]) -> list[str]:
    return [
        f"{name} as {form}" for name, one in secrets.items() for form in forms(one) if form in text
    ]


def everything_in(owner_dsn: str) -> Iterator[tuple[str, str]]:
    """Every row of every table but those of sealed secrets, as text; payloads as they were posted."""
    with psycopg.connect(owner_dsn) as conn:
        tables = conn.execute("""
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname IN ('outrider', 'public') AND c.relkind IN ('r', 'p') AND NOT c.relispartition""")
        for table in tables.fetchall():
            rows = conn.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(*table)))
            yield ".".join(table), "\n".join(row for (row,) in rows)


@pytest.fixture
def rude() -> Iterator[Rude]:
    with ExitStack() as stack:
        yield Rude(stack)


@pytest.fixture
def planted(database: Database, tenant: UUID, rude: Rude) -> dict[str, UUID]:
    """A mailbox, a CRM and a vendor's account, whose other sides refuse and repeat."""
    with database.tenant(tenant) as tx:
        ids = {name: mailboxes.new_id(tx) for name in ("mailbox", "crm", "vendor")}
    mailbox = NewMailbox(
        ids["mailbox"], "sales@us.test", None, "127.0.0.1", rude.smtp, MailSecurity.NONE,
        "127.0.0.1", rude.imap, MailSecurity.NONE, "sales@us.test", "INBOX", None, 5, "UTC")  # fmt: skip
    mailbox_setup.create(database, KEYRING, tenant, mailbox, password=PASSWORD, operator="ada")
    url = f"http://127.0.0.1:{rude.http}"
    with database.hat("operator") as tx:
        for purpose, secret in (
            (token_of(tenant, ids["crm"]), TOKEN),
            (Purpose(tenant, "integration", ids["vendor"], "access_token"), VENDOR),
        ):
            credentials.add(tx, purpose, sealed=KEYRING.seal(secret.encode(), purpose))
    with database.tenant(tenant) as tx:
        crm_connections.add(tx, ids["crm"], provider="hubspot", base_url=url)
        integrations.put(tx, ids["vendor"], provider="gmail", category="mail", account="",
                         base_url=url, metadata={})  # fmt: skip
        lead_id = capture(tx)
        leads.move(tx, leads.get_locked(tx, lead_id), LeadStatus.LOST, cause="test")
    return ids


def at_the_edge(database: Database, secrets: dict[str, str]) -> str:
    """What the HTTP edge logs and answers when secrets are where they do not belong."""
    key = create(database, KEYRING, tenant_slug="acme", source="crm", operator="tests")
    secrets["webhook secret"] = key.secret.removeprefix("whsec_")
    stream = io.StringIO()
    logs.configure("json", stream=stream)
    settings = Settings(database_url=SecretStr("postgresql://unused@127.0.0.1/unused"))  # pyright: ignore[reportCallIssue]
    wrong = {"webhook-id": "e1", "webhook-timestamp": "1", "webhook-signature": f"v1,{key.secret}",
             "authorization": f"Bearer {TOKEN}", "cookie": f"session={VENDOR}"}  # fmt: skip
    told: list[str] = []
    with TestClient(app(database, KEYRING, settings), raise_server_exceptions=False) as client:
        for method, path in (("POST", "/webhooks/leads/crm"), ("POST", "/webhooks/leads/nobody"),
                             ("PUT", "/webhooks/leads/crm"), ("GET", f"/nowhere?token={TOKEN}")):  # fmt: skip
            answer = client.request(
                method, path, headers=wrong, content=json.dumps({"password": PASSWORD})
            )
            told += [answer.text, str(dict(answer.headers))]
    assert "webhook.refused" in stream.getvalue()
    return "\n".join([stream.getvalue(), *told])


def test_no_planted_secret_is_in_any_log_table_report_or_answer(
    crew: Crew, database: Database, tenant: UUID, owner_dsn: str, redis_url: str, rude: Rude, dsn: str,
    planted: dict[str, UUID], outrider: Callable[..., Said], monkeypatch: pytest.MonkeyPatch,
    peek: Callable[..., list[tuple[Any, ...]]],
) -> None:  # fmt: skip
    secrets = {"password": PASSWORD, "token": TOKEN, "vendor's secret": VENDOR, "master key": KEY,
               "database password": conninfo_to_dict(dsn)["password"] or ""}  # fmt: skip
    crew.environment.update(
        OUTRIDER_SECRET_KEY=KEY, OUTRIDER_METRICS_PORT="0",
        OUTRIDER_SENTRY_DSN=f"http://public@127.0.0.1:{rude.sentry}/1")  # fmt: skip
    enqueue(database, tenant, ReadMailbox(mailbox_id=planted["mailbox"]), CollectContacts(),
            Crash(provider="gmail"))  # fmt: skip
    peek("""INSERT INTO outrider.jobs (tenant_id, actor, payload, max_attempts)
            VALUES (%s, 'lead.enrich', %s::jsonb, 1)""", tenant, json.dumps({"lead_id": "nobody", "password": POISON}))  # fmt: skip
    worker = crew.start()
    until(lambda: {("toy.crash",), (EnrichLead.name,)} <= set(peek("SELECT actor FROM outrider.dead_letters")), seconds=30)  # fmt: skip
    enqueue(database, tenant, CheckIntegration(integration_id=planted["vendor"]))
    until(lambda: {state for (state,) in peek("SELECT status FROM outrider.connections")} == {"needs_reauth"}, seconds=30)  # fmt: skip
    until(lambda: len(rude.reports) >= 2, seconds=20)

    port = next(line["metrics_port"] for line in crew.lines(0) if line["event"] == "worker.started")
    seen = {"metrics": urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()}
    seen["edge"] = at_the_edge(database, secrets)
    worker.terminate()
    worker.wait(timeout=30)
    seen["log"] = (crew.folder / "0.log").read_text()
    seen["reports"] = "\n".join(rude.reports)
    with redis.Redis.from_url(redis_url) as there:
        seen["redis"] = str([(key, there.dump(key)) for key in there.scan_iter()])
    monkeypatch.setenv("OUTRIDER_SECRET_KEY", KEY)
    for words in (
        "mailboxes test sales@us.test --tenant acme", "mailboxes list --tenant acme --json",
        "integrations check gmail --tenant acme --json", "integrations list --tenant acme",
        "secrets list --json", "dead list --json", "crm status --tenant acme --json",
        "crm test --tenant acme", "jobs list --json", "lanes list --json",
    ):  # fmt: skip
        said = outrider(*words.split())
        seen["cli " + " ".join(words.split()[:2])] = said.out + said.err
    for text in (f"{KEY},x", f"x,{KEY}"):
        monkeypatch.setenv("OUTRIDER_SECRET_KEY", text)
        seen[f"cli {text[:2]}"] = outrider("secrets", "rotate").err
    monkeypatch.setenv("OUTRIDER_DATABASE_URL", f"postgresql://app:{secrets['database password']}@127.0.0.1:9/x")  # fmt: skip
    seen["cli away"] = outrider("tenants", "list").err
    seen |= {f"table {name}": rows for name, rows in everything_in(owner_dsn)}

    assert [
        f"{where}: {leak}" for where, text in seen.items() for leak in said_in(text, secrets)
    ] == []
    poisoned = {where for where, text in seen.items() if said_in(text, {"poison": POISON})}
    assert poisoned == {"table outrider.dead_letters"}, (
        "its payload, as it was posted, and nowhere else"
    )
    [(message,)] = peek(
        "SELECT error_message FROM outrider.dead_letters WHERE actor = 'lead.enrich'"
    )
    assert POISON not in message
    for where in ("log", "reports", "table outrider.mailboxes", "table outrider.dead_letters",
                  "cli mailboxes test"):  # fmt: skip
        assert "[redacted]" in seen[where], f"nothing was masked in {where}: nobody repeated it"
