"""What is over its term is forgotten, by each tenant's own terms; what something rests on stays."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from db import retention
from schemas.jobs import PruneHistory
from schemas.retention import POLICIES
from tests.factories import tenant_called
from tests.fix_outreach import Outreach
from tests.fix_world import Bench
from tests.workers.inbox import letter, reply, understand
from workers import house as _house
from workers.actor import registered
from workers.retention import Forgotten, run

assert _house
Peek = Callable[..., list[tuple[Any, ...]]]
FAR = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class Kept:
    """Mails of a tenant whose time is long over, and why some of them stay all the same."""

    over: UUID
    undecided: UUID
    with_a_letter: UUID


@pytest.fixture
def kept(outreach: Outreach, peek: Peek, sick: list[str]) -> Kept:
    """Two sequences, one of them over; mails in that were decided, were not, and have an open letter."""
    sick += ["dead.unlogged"]
    ended = outreach.enroll("ada@x.test")
    outreach.send(ended.id)
    over = understand(outreach, reply(outreach, "Please never write again.", sender="ada@x.test"))
    outreach.attempt_next("enrollment.settle")
    live = outreach.enroll("bob@y.test")
    outreach.send(live.id)
    undecided = understand(outreach, letter("Who are you?", sender="eve@z.test"))
    again = understand(outreach, letter("And who am I?", sender="eve@z.test"))
    peek(
        "UPDATE outrider.replies SET decision = 'none', because = 'b', decided_at = now() WHERE id = %s",
        again["id"],
    )
    peek("""INSERT INTO outrider.dead_letters (tenant_id, job_id, actor, payload, version, max_attempts, attempts,
                                               error_class, error_message, fingerprint)
            VALUES (%s, -1, 'reply.classify', %s, 1, 1, 1, 'E', 'm', 'f')""",
         outreach.tenant, Jsonb({"mail_id": again["mail_id"]}))  # fmt: skip
    peek("INSERT INTO outrider.webhook_sources (tenant_id, slug) VALUES (%s, 's')", outreach.tenant)
    peek("""INSERT INTO outrider.webhook_events (tenant_id, source_id, external_id, body, lead_id, mail_id)
            SELECT %s, s.id, 'e', 'words', %s, %s FROM outrider.webhook_sources s""",
         outreach.tenant, ended.lead_id, over["mail_id"])  # fmt: skip
    peek("INSERT INTO outrider.audit_logs (tenant_id, operator, action, resource_type, resource_id) VALUES (%s, 'o', 'a', 't', 'i'), (NULL, 'o', 'a', 't', 'i')", outreach.tenant)  # fmt: skip
    outreach.at(outreach.now() + FAR)
    return Kept(UUID(over["mail_id"]), UUID(undecided["mail_id"]), UUID(again["mail_id"]))


def test_what_nothing_rests_on_is_forgotten_and_a_dry_run_counts_the_same(
    kept: Kept, outreach: Outreach, peek: Peek
) -> None:
    foreseen = sorted(run(outreach.database, dry_run=True), key=str)
    assert peek("SELECT count(*) FROM outrider.mails WHERE raw = ''") == [(0,)]
    done = list(run(outreach.database, size=1))
    assert sorted(done, key=str) == foreseen
    counts = {(one.tenant_id, one.what): one.rows for one in done}
    assert {what for tenant, what in counts if tenant} == {
        "raw_mails",
        "webhook_bodies",
        "message_bodies",
        "activities",
        "audit",
    }
    assert counts[None, "audit"] == 1

    assert peek("SELECT id, raw = '', raw_dropped_at IS NOT NULL FROM outrider.mails WHERE id = ANY(%s)",
                [kept.over]) == [(kept.over, True, True)]  # fmt: skip
    assert peek("SELECT count(*) FROM outrider.mails WHERE raw = ''") == [
        (1,)
    ]  # undecided, with a letter: kept
    live = peek("SELECT m.body_text IS NOT NULL FROM outrider.messages m JOIN outrider.enrollments e ON e.id = m.enrollment_id WHERE e.status = 'active'")  # fmt: skip
    assert live == [(True,)]
    assert peek(
        "SELECT count(*) FROM outrider.messages WHERE body_text IS NULL AND subject IS NULL"
    ) == [(3,)]
    assert peek("SELECT count(*) FROM outrider.effects") == [(2,)]
    assert list(run(outreach.database)) == []


def test_a_tenants_word_beats_the_houses_in_both_directions(
    kept: Kept, outreach: Outreach, peek: Peek
) -> None:
    other = tenant_called(outreach.database, "other")
    with outreach.database.hat("operator") as tx:
        retention.put(tx, outreach.tenant, "raw_mails", keep_days=None, by="ann")
        retention.put(tx, outreach.tenant, "webhook_bodies", keep_days=801, by="ann")
        retention.put(tx, outreach.tenant, "message_bodies", keep_days=799, by="ann")
        retention.put(tx, other, "audit", keep_days=1, by="ann")
    done = {one.what for one in run(outreach.database, outreach.tenant)}
    assert done == {"message_bodies", "activities", "audit"}
    with outreach.database.hat("operator") as tx:
        assert retention.remove(tx, outreach.tenant, "raw_mails")
        assert not retention.remove(tx, outreach.tenant, "raw_mails")
    assert Forgotten(outreach.tenant, "raw_mails", 1) in list(run(outreach.database))


def test_housekeeping_does_it_every_night(
    kept: Kept, outreach: Outreach, bench: Bench, peek: Peek
) -> None:
    house = Bench(outreach.database, bench.runner, None)  # pyright: ignore[reportArgumentType]
    house.do(registered()["house.prune_history"], PruneHistory())
    assert peek("SELECT count(*) FROM outrider.mails WHERE raw = ''") == [(1,)]


def test_the_database_knows_every_policy(outreach: Outreach) -> None:
    with outreach.database.hat("operator") as tx:
        for what in POLICIES:
            assert retention.forget(tx, what, outreach.tenant, age=FAR, limit=1) == 0
