"""Tables `ai_runs` and `ai_run_logs`: runs that are not over, and a line for each call that is.

Each line is written in the transaction that settles its call, and counted into `ai_costs` by its
trigger. Refuses to know a word of what was asked or answered.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from db.pool import Tx
from schemas.enums import AiRunStatus


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that is not over: its job, and the prompt version that it began with."""

    job_id: int
    prompt_version_id: UUID


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run, as it is when its next call begins."""

    key: str
    job_id: int
    actor: str
    subject_type: str
    subject_id: UUID
    prompt_version_id: UUID
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one call ended; nulls: nobody knows. `error` in our words."""

    status: AiRunStatus
    duration_ms: int | None
    served_by: str | None = None
    request_id: str | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    cost_cents: Decimal | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One call of the log, with the prompt version that produced it."""

    id: UUID
    actor: str
    subject_type: str
    subject_id: UUID
    prompt: str
    provider: str
    model: str
    served_by: str | None
    status: AiRunStatus
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    cost_cents: Decimal | None
    duration_ms: int | None
    error: str | None
    job_id: int | None
    trace_id: str | None
    created_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", AiRunStatus(self.status))


_LOST: LiteralString = "The answer was lost; what it cost is unknown."


def find(tx: Tx, key: str) -> Begun | None:
    """The run that is not over under this key, locked; None when there is none."""
    return tx.find(
        Begun,
        """
        SELECT job_id, prompt_version_id FROM outrider.ai_runs
         WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id() FOR UPDATE
        """,
        {"key": key},
    )


def begin(tx: Tx, run: NewRun) -> None:
    """A run begins, with its prompt version; another job's run under the key, with no call, ends."""
    tx.run(
        """
        INSERT INTO outrider.ai_runs AS r (key, job_id, actor, subject_type, subject_id, prompt_version_id, provider, model)
        VALUES (%(key)s, %(job_id)s, %(actor)s, %(subject_type)s, %(subject_id)s, %(prompt_version_id)s,
                %(provider)s, %(model)s)
            ON CONFLICT (tenant_id, key) DO UPDATE
           SET job_id = excluded.job_id, prompt_version_id = excluded.prompt_version_id,
               provider = excluded.provider, model = excluded.model
         WHERE r.begun_at IS NULL
        """,
        asdict(run),
    )


def call(tx: Tx, run: NewRun) -> None:
    """A call of the run begins now. An earlier one that was never settled is written down as lost."""
    lose(tx, run.key)
    begin(tx, run)
    tx.run(
        """
        UPDATE outrider.ai_runs SET begun_at = clock_timestamp()
         WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id()
        """,
        {"key": run.key},
    )


def lose(tx: Tx, key: str) -> bool:
    """Write down that the answer of a begun call was lost; False, and nothing, when none was begun."""
    lost = tx.run(
        """
        INSERT INTO outrider.ai_run_logs (actor, subject_type, subject_id, prompt_version_id, provider, model,
                                          status, error, job_id)
        SELECT actor, subject_type, subject_id, prompt_version_id, provider, model, 'error', %(lost)s, job_id
          FROM outrider.ai_runs
         WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id() AND begun_at IS NOT NULL
        """,
        {"key": key, "lost": _LOST},
    )
    _rest(tx, key)
    return bool(lost)


def settle(tx: Tx, run: NewRun, outcome: Outcome) -> UUID:
    """Write down how the call that was begun ended; the line's id."""
    _rest(tx, run.key)
    made = tx.value(
        """
        INSERT INTO outrider.ai_run_logs (actor, subject_type, subject_id, prompt_version_id, provider, model,
                                          served_by, request_id, input_tokens, cached_tokens, output_tokens,
                                          cost_cents, duration_ms, status, error)
        VALUES (%(actor)s, %(subject_type)s, %(subject_id)s, %(prompt_version_id)s, %(provider)s, %(model)s,
                %(served_by)s, %(request_id)s, %(input_tokens)s, %(cached_tokens)s, %(output_tokens)s,
                %(cost_cents)s, %(duration_ms)s, %(status)s::outrider.ai_run_status, %(error)s)
        RETURNING id
        """,
        {**asdict(run), **asdict(outcome)},
    )
    assert isinstance(made, UUID)
    return made


def rest(tx: Tx, key: str) -> None:
    """The call that was begun was none: nothing left this process."""
    _rest(tx, key)


def _rest(tx: Tx, key: str) -> None:
    tx.run(
        """
        UPDATE outrider.ai_runs SET begun_at = NULL
         WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id()
        """,
        {"key": key},
    )


def end(tx: Tx, key: str) -> None:
    """The run is over; a later one of the same subject begins with the version of its day."""
    tx.run(
        "DELETE FROM outrider.ai_runs WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id()",
        {"key": key},
    )


def list_recent(tx: Tx, tenant_id: UUID, *, limit: int) -> list[Line]:
    """The newest calls first. Needs the operator's hat, or a tenant's."""
    return tx.list(
        Line,
        """
        SELECT l.id, l.actor, l.subject_type, l.subject_id,
               p.key || '@' || CASE WHEN p.tenant_id IS NULL THEN 'shipped:' ELSE '' END || v.version AS prompt,
               l.provider, l.model, l.served_by, l.status, l.input_tokens, l.cached_tokens, l.output_tokens,
               l.cost_cents, l.duration_ms, l.error, l.job_id, l.trace_id, l.created_at
          FROM outrider.ai_run_logs l
          JOIN outrider.prompt_versions v ON v.id = l.prompt_version_id
          JOIN outrider.prompts p ON p.id = v.prompt_id
         WHERE l.tenant_id = %(tenant)s ORDER BY l.created_at DESC, l.id DESC LIMIT %(limit)s
        """,
        {"tenant": tenant_id, "limit": limit},
    )


def forget_over(tx: Tx, *, limit: int) -> int:
    """End runs whose job is over; a call that was never settled is logged as lost. How many ended.

    Needs the dispatcher's hat.
    """
    ended = tx.value("SELECT outrider.forget_ai_runs(%(limit)s)", {"limit": limit})
    assert isinstance(ended, int)
    return ended
