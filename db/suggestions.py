"""Table `reply_suggestions`: what a model thinks of replies that wait for a person."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from db.pool import Tx
from schemas.enums import AiRunStatus, ReplyIntent


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One suggestion, and which prompt version and model made it; no intent: it gave none of use."""

    reply_id: UUID
    status: AiRunStatus
    intent: ReplyIntent | None
    why: str | None
    prompt: str
    model: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", AiRunStatus(self.status))
        if self.intent is not None:
            object.__setattr__(self, "intent", ReplyIntent(self.intent))


def record(
    tx: Tx, reply_id: UUID, status: AiRunStatus, *, prompt_version_id: UUID, model: str,
    intent: ReplyIntent | None, why: str | None,
) -> None:  # fmt: skip
    """Keep what a model suggests; the first suggestion stays."""
    tx.run(
        """
        INSERT INTO outrider.reply_suggestions (reply_id, mail_id, prompt_version_id, model, status, intent, why)
        SELECT id, mail_id, %(version)s, %(model)s, %(status)s::outrider.ai_run_status,
               %(intent)s::outrider.reply_intent, %(why)s
          FROM outrider.replies WHERE id = %(reply)s
            ON CONFLICT (reply_id) DO NOTHING
        """,
        {"reply": reply_id, "version": prompt_version_id, "model": model, "status": status,
         "intent": intent, "why": why},
    )  # fmt: skip


def list_of(tx: Tx, reply_ids: Collection[UUID]) -> dict[UUID, Suggestion]:
    """The suggestions for those replies that have one, by reply. Needs a tenant's transaction."""
    rows = tx.list(
        Suggestion,
        """
        SELECT s.reply_id, s.status, s.intent, s.why, s.model,
               p.key || '@' || CASE WHEN p.tenant_id IS NULL THEN 'shipped:' ELSE '' END || v.version AS prompt
          FROM outrider.reply_suggestions s
          JOIN outrider.prompt_versions v ON v.id = s.prompt_version_id
          JOIN outrider.prompts p ON p.id = v.prompt_id
         WHERE s.reply_id = ANY(%(ids)s)
        """,
        {"ids": list(reply_ids)},
    )
    return {row.reply_id: row for row in rows}
