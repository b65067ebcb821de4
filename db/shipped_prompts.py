"""Puts the prompts that ship into the database, at each migration. Refuses one that was edited."""

from collections.abc import Iterable

from psycopg.types.json import Jsonb

from db.pool import Connection
from schemas.prompts import PROMPTS, Prompt, Text, check


class PromptEdited(Exception):
    """A shipped version differs from the one in the database, which runs have named."""


def ship(conn: Connection, prompts: Iterable[Prompt] = tuple(PROMPTS.values())) -> list[str]:
    """Put in what is not there yet and make the newest current; the names of the new versions.

    Needs the owner, inside a transaction; idempotent. An older release than the database's leaves the
    newer versions alone. Raises PromptEdited.
    """
    made: list[str] = []
    for prompt in prompts:
        conn.execute(
            """
            INSERT INTO outrider.prompts (tenant_id, key) VALUES (NULL, %(key)s)
                ON CONFLICT (tenant_id, key) DO NOTHING
            """,
            {"key": prompt.key},
        )
        for number, text in enumerate(prompt.versions, start=1):
            if _put(conn, prompt, number, text):
                made.append(f"{prompt.key}@shipped:{number}")
        conn.execute(
            """
            UPDATE outrider.prompts SET current_version = %(newest)s
             WHERE tenant_id IS NULL AND key = %(key)s AND current_version < %(newest)s
            """,
            {"key": prompt.key, "newest": len(prompt.versions)},
        )
    return made


def _put(conn: Connection, prompt: Prompt, number: int, text: Text) -> bool:
    known = conn.execute(
        """
        SELECT v.system_text, v.user_text, v.max_tokens
          FROM outrider.prompt_versions v JOIN outrider.prompts p ON p.id = v.prompt_id
         WHERE p.tenant_id IS NULL AND p.key = %(key)s AND v.version = %(version)s
        """,
        {"key": prompt.key, "version": number},
    ).fetchone()
    if known is None:
        conn.execute(
            """
            INSERT INTO outrider.prompt_versions
                   (tenant_id, prompt_id, version, system_text, user_text, model, temperature, max_tokens,
                    output_schema, variables, change_note, created_by)
            SELECT NULL, p.id, %(version)s, %(system)s, %(user)s, %(model)s, %(temperature)s, %(max_tokens)s,
                   %(schema)s, %(uses)s, 'shipped', 'outrider'
              FROM outrider.prompts p WHERE p.tenant_id IS NULL AND p.key = %(key)s
            """,
            {
                "key": prompt.key,
                "version": number,
                "system": text.system,
                "user": text.user,
                "model": text.model,
                "temperature": text.temperature,
                "max_tokens": text.max_tokens,
                "schema": Jsonb(prompt.schema),
                "uses": list(check(prompt, text)),
            },
        )
        return True
    if known != (text.system, text.user, text.max_tokens):
        raise PromptEdited(
            f"Prompt {prompt.key}@shipped:{number} was edited after it was put in."
            " Put its text back and add a version."
        )
    return False
