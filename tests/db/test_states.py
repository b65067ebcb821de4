"""What may become of a lead, an enrollment, a step and a mail: the same table in our words and in Postgres,
and a database that goes each of these ways and no other, whoever asks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import product
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database, Tx, leads
from schemas import enrollment_states, lead_states
from schemas.enums import EnrollmentStatus as E
from schemas.enums import LeadStatus as L
from schemas.enums import MessageStatus as M
from schemas.enums import StepStatus as S
from tests.factories import capture

Peek = Callable[..., list[tuple[Any, ...]]]
QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MACHINES: list[tuple[str, type[StrEnum], set[tuple[StrEnum, StrEnum]]]] = [
    ("lead", L, {(m.before, m.after) for m in lead_states.MOVES}),
    ("enrollment", E, {(m.before, m.after) for m in enrollment_states.ENROLLMENT}),
    ("step", S, {(m.before, m.after) for m in enrollment_states.STEP}),
    ("message", M, {(m.before, m.after) for m in enrollment_states.MESSAGE}),
]


@pytest.mark.parametrize(("noun", "words", "ours"), MACHINES, ids=[one[0] for one in MACHINES])
def test_postgres_keeps_to_the_same_table(
    peek: Peek, noun: str, words: type[StrEnum], ours: set[tuple[StrEnum, StrEnum]]
) -> None:
    type_name = f"outrider.{noun}_status"
    query = f"""SELECT a, b FROM unnest(enum_range(null::{type_name})) a, unnest(enum_range(null::{type_name})) b
                 WHERE outrider.{noun}_may_move(a, b)"""
    assert {(words(a), words(b)) for a, b in peek(query)} == ours  # pyright: ignore[reportArgumentType]


def test_the_ways_back_are_the_same_too(peek: Peek) -> None:
    theirs = peek("""SELECT a, b FROM unnest(enum_range(null::outrider.lead_status)) a,
                            unnest(enum_range(null::outrider.lead_status)) b WHERE outrider.lead_may_return(a, b)""")
    assert {(L(a), L(b)) for a, b in theirs} == {
        (a, b) for a, b in product(L, L) if lead_states.may_return(a, b)}  # fmt: skip


@contextmanager
def example(database: Database, tenant: UUID) -> Iterator[Tx]:
    """A transaction that leaves nothing behind."""
    with database.tenant(tenant, job_id=7) as tx:
        try:
            yield tx
        finally:
            tx.conn.rollback()


def forced(tx: Tx, query: LiteralString, params: dict[str, object]) -> bool:
    """Whether the database took it, all its triggers heard; what it refuses leaves no trace."""
    try:
        with tx.conn.transaction():
            tx.run(query, params)
            tx.run("SET CONSTRAINTS ALL IMMEDIATE")
            tx.run("SET CONSTRAINTS ALL DEFERRED")
    except psycopg.errors.CheckViolation:
        return False
    return True


@given(wanted=st.lists(st.sampled_from(L), max_size=12))
@QUICK
def test_a_lead_goes_the_ways_of_the_table_with_one_line_each(
    database: Database, tenant: UUID, wanted: list[L]
) -> None:
    with example(database, tenant) as tx:
        lead_id, status, path = capture(tx), L.NEW, [L.NEW]
        for to in wanted:
            # A way back into a sequence asks for an enrollment, which this lead never has.
            barred = to is L.IN_SEQUENCE and status in {L.REPLIED, L.LOST}
            legal = lead_states.may_move(status, to) and not barred
            if not barred:
                lead = leads.get_locked(tx, lead_id)
                assert leads.move(tx, lead, to, cause="test") == legal
                tx.run("SET CONSTRAINTS ALL IMMEDIATE")
                tx.run("SET CONSTRAINTS ALL DEFERRED")
            status, path = (to, [*path, to]) if legal else (status, path)
            assert leads.get(tx, lead_id).status is status
            assert history(tx, lead_id) == path


def history(tx: Tx, lead_id: UUID) -> list[L]:
    rows = tx.conn.execute(
        "SELECT to_status FROM outrider.lead_status_transitions WHERE lead_id = %s ORDER BY id",
        (lead_id,),
    )
    return [L(str(status)) for (status,) in rows]


@pytest.mark.parametrize("booked", [True, False])
def test_no_actor_gets_past_the_database(database: Database, tenant: UUID, *, booked: bool) -> None:
    """Every pair of statuses, written past our own functions, with a line of history and without."""
    query: LiteralString = """
        WITH moved AS (UPDATE outrider.leads SET status = %(to)s::outrider.lead_status
                        WHERE id = %(id)s RETURNING id)
    """
    query += (
        """INSERT INTO outrider.lead_status_transitions (lead_id, from_status, to_status, cause)
           SELECT id, %(from)s::outrider.lead_status, %(to)s::outrider.lead_status, 'test' FROM moved"""
        if booked else "SELECT %(from)s FROM moved"
    )  # fmt: skip
    for before in L:
        path = way_to(before)
        with example(database, tenant) as tx:
            lead_id = capture(tx)
            for to in path:
                assert leads.move(tx, leads.get_locked(tx, lead_id), to, cause="test")
            for after in L:
                with tx.conn.transaction(force_rollback=True):
                    goes_as_the_table_says(tx, query, lead_id, path, before, after, booked=booked)


def goes_as_the_table_says(
    tx: Tx, query: LiteralString, lead_id: UUID, path: list[L], before: L, after: L, *, booked: bool
) -> None:
    legal = before is after or (booked and lead_states.may_move(before, after))
    legal &= (before, after) not in {(L.REPLIED, L.IN_SEQUENCE), (L.LOST, L.IN_SEQUENCE)}
    assert forced(tx, query, {"id": lead_id, "from": before, "to": after}) == legal, (before, after)  # fmt: skip
    assert leads.get(tx, lead_id).status is (after if legal else before)
    new = [after] if legal and booked else []
    assert history(tx, lead_id) == [L.NEW, *path, *new]


def way_to(status: L) -> list[L]:
    """A way through the funnel, or the short one to its ends."""
    funnel = [L.ENRICHED, L.SCORED, L.IN_SEQUENCE, L.CONTACTED, L.REPLIED, L.QUALIFIED,
              L.MEETING_BOOKED, L.MEETING_ATTENDED, L.CONVERTED]  # fmt: skip
    if status in funnel:
        return funnel[: funnel.index(status) + 1]
    return [] if status is L.NEW else [status]


def sequence(tx: Tx) -> UUID:
    """An active enrollment with one step and one mail on its way, as rows."""
    lead_id = capture(tx)
    row = tx.value(
        """
        WITH box AS (INSERT INTO outrider.mailboxes (email, smtp_host, smtp_port) VALUES ('s@acme.test', 'h', 25) RETURNING id),
             seq AS (INSERT INTO outrider.sequences (name) VALUES ('s') RETURNING id),
             cam AS (INSERT INTO outrider.campaigns (name, sequence_id) SELECT 'c', id FROM seq RETURNING id, sequence_id)
        INSERT INTO outrider.enrollments (campaign_id, sequence_id, lead_id, mailbox_id, timezone, zone_source, token)
        SELECT cam.id, cam.sequence_id, %(lead)s, box.id, 'UTC', 'tenant', 'token' FROM cam, box RETURNING id
        """,
        {"lead": lead_id},
    )
    tx.run(
        """
        WITH step AS (INSERT INTO outrider.step_executions (enrollment_id, step_number, due_at, epoch, because)
                      VALUES (%(id)s, 1, outrider.now(), 1, 'b'))
        INSERT INTO outrider.messages (direction, status, enrollment_id, lead_id, step_number, epoch, effect_key, day, rfc_message_id, to_address)
        VALUES ('outbound', 'sending', %(id)s, %(lead)s, 1, 1, 'email:1', '2031-01-01', '<m>', 'ada@acme.test')
        """,
        {"id": row, "lead": lead_id},
    )
    return UUID(str(row))


RAW: dict[type[StrEnum], tuple[StrEnum, LiteralString]] = {
    E: (E.ACTIVE, """
        UPDATE outrider.enrollments SET status = v.status, epoch = epoch + 1,
               hold_reason = CASE v.status WHEN 'held' THEN 'h' END, resume_at = CASE v.status WHEN 'paused' THEN outrider.now() END,
               stop_reason = CASE v.status WHEN 'stopped' THEN 'operator'::outrider.stop_reason END,
               stopped_by = CASE v.status WHEN 'stopped' THEN 't' END, stop_epoch = CASE v.status WHEN 'stopped' THEN epoch END,
               ended_at = CASE WHEN v.status IN ('stopped', 'completed') THEN outrider.now() END
          FROM (SELECT %(to)s::outrider.enrollment_status AS status) v WHERE id = %(id)s"""),
    S: (S.SCHEDULED, """
        UPDATE outrider.step_executions SET status = v.status, sent_at = CASE v.status WHEN 'sent' THEN outrider.now() END,
               skip_reason = CASE WHEN v.status IN ('skipped', 'failed', 'cancelled') THEN 'r' END
          FROM (SELECT %(to)s::outrider.step_status AS status) v WHERE enrollment_id = %(id)s"""),
    M: (M.SENDING, "UPDATE outrider.messages SET status = %(to)s::outrider.message_status WHERE enrollment_id = %(id)s"),
}  # fmt: skip


@given(data=st.data(), words=st.sampled_from([E, S, M]))
@QUICK
def test_an_enrollment_a_step_and_a_mail_go_the_ways_of_their_tables(
    database: Database, tenant: UUID, data: st.DataObject, words: type[StrEnum]
) -> None:
    [ways] = [ways for _, one, ways in MACHINES if one is words]
    status, query = RAW[words]
    with example(database, tenant) as tx:
        enrollment_id, moves = sequence(tx), 0
        for to in data.draw(st.lists(st.sampled_from(list(words)), max_size=8)):
            if to is status or to is M.RECEIVED:
                continue
            legal = (status, to) in ways
            assert forced(tx, query, {"id": enrollment_id, "to": to}) == legal, (status, to)
            status, moves = (to, moves + 1) if legal else (status, moves)
        if words is E:
            count = "SELECT count(*) FROM outrider.activities WHERE kind = 'enrollment'"
            assert tx.value(count) == moves


def test_an_enrollment_does_not_move_under_the_same_epoch(database: Database, tenant: UUID) -> None:
    """The fence that a send is claimed under moves with every status, or the status does not."""
    with example(database, tenant) as tx:
        query = (
            "UPDATE outrider.enrollments SET status = 'held', hold_reason = 'h' WHERE id = %(id)s"
        )
        assert not forced(tx, query, {"id": sequence(tx)})
