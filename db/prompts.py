"""Tables `prompts` and `prompt_versions`: what a model is asked, version by version.

A tenant's active prompt goes before the shipped one of the same key. A version is written once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx
from schemas.errors import NoSuchRow
from schemas.prompts import Prompt, Text


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a prompt; `shipped`: it came with the code. `active`: new runs use it."""

    id: UUID
    key: str
    version: int
    shipped: bool
    active: bool
    system_text: str
    user_text: str
    model: str | None
    temperature: float | None
    max_tokens: int
    variables: Sequence[str]
    change_note: str
    created_by: str
    created_at: datetime

    @property
    def name(self) -> str:
        """What people call it: `reply.suggest@2`, or `reply.suggest@shipped:1`."""
        return f"{self.key}@{'shipped:' if self.shipped else ''}{self.version}"

    @property
    def text(self) -> Text:
        """The wording, without what the database says about it."""
        return Text(self.system_text, self.user_text, self.max_tokens, self.model, self.temperature)


@dataclass(frozen=True, slots=True)
class _Made:
    id: UUID
    version: int


# A shipped version is active where the tenant has no active prompt of its own.
_SELECT: LiteralString = """
        SELECT v.id, p.key, v.version, p.tenant_id IS NULL AS shipped,
               p.is_active AND v.version = p.current_version AND (p.tenant_id IS NOT NULL OR NOT EXISTS (
                   SELECT 1 FROM outrider.prompts o
                    WHERE o.tenant_id = outrider.current_tenant_id() AND o.key = p.key AND o.is_active)) AS active,
               v.system_text, v.user_text, v.model, v.temperature, v.max_tokens, v.variables,
               v.change_note, v.created_by, v.created_at
          FROM outrider.prompts p JOIN outrider.prompt_versions v ON v.prompt_id = p.id
         WHERE (p.tenant_id IS NULL OR p.tenant_id = outrider.current_tenant_id())
"""


def list_versions(tx: Tx, key: str | None = None) -> list[Version]:
    """Every version that the tenant may use, of one key or of all: shipped ones first, in order."""
    return tx.list(
        Version,
        _SELECT
        + """ AND (%(key)s::text IS NULL OR p.key = %(key)s)
              ORDER BY p.key, p.tenant_id NULLS FIRST, v.version""",
        {"key": key},
    )


def get_active(tx: Tx, key: str) -> Version:
    """The version that a new run of the tenant begins with. Raises NoSuchRow."""
    found = tx.find(
        Version,
        _SELECT
        + """ AND p.key = %(key)s AND p.is_active AND v.version = p.current_version
              ORDER BY p.tenant_id NULLS LAST LIMIT 1""",
        {"key": key},
    )
    if found is None:
        raise NoSuchRow("prompt", f"{key}; run `outrider migrate`, which puts in those that ship")
    return found


def get_by_id(tx: Tx, version_id: UUID) -> Version:
    """A version that the tenant may use, active or not. Raises NoSuchRow."""
    found = tx.find(Version, _SELECT + " AND v.id = %(id)s", {"id": version_id})
    if found is None:
        raise NoSuchRow("prompt version", version_id)
    return found


def get_version(tx: Tx, key: str, version: int, *, shipped: bool) -> Version:
    """A version by its number, of the tenant's own or of those that ship. Raises NoSuchRow."""
    found = tx.find(
        Version,
        _SELECT
        + " AND p.key = %(key)s AND v.version = %(version)s AND (p.tenant_id IS NULL) = %(shipped)s",
        {"key": key, "version": version, "shipped": shipped},
    )
    if found is None:
        raise NoSuchRow("version", f"{key}@{'shipped:' if shipped else ''}{version}")
    return found


def add_version(
    tx: Tx, prompt: Prompt, text: Text, uses: Sequence[str], *, note: str, by: str
) -> int:
    """Write a version of the tenant's own, which nothing uses until it is activated; its number."""
    tx.run(
        """
        INSERT INTO outrider.prompts (key, is_active) VALUES (%(key)s, false)
            ON CONFLICT (tenant_id, key) DO NOTHING
        """,
        {"key": prompt.key},
    )
    tx.run(  # numbers are given one after the other
        """
        SELECT id FROM outrider.prompts
         WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id() FOR UPDATE
        """,
        {"key": prompt.key},
    )
    made = tx.one(
        _Made,
        """
        INSERT INTO outrider.prompt_versions (prompt_id, version, system_text, user_text, model, temperature,
                                              max_tokens, output_schema, variables, change_note, created_by)
        SELECT p.id, coalesce((SELECT max(v.version) FROM outrider.prompt_versions v WHERE v.prompt_id = p.id), 0) + 1,
               %(system)s, %(user)s, %(model)s, %(temperature)s, %(max_tokens)s, %(schema)s, %(uses)s, %(note)s, %(by)s
          FROM outrider.prompts p
         WHERE p.key = %(key)s AND p.tenant_id = outrider.current_tenant_id()
        RETURNING id, version
        """,
        {"key": prompt.key, "uses": list(uses), "note": note, "by": by, **_params(prompt, text)},
    )
    return made.version


def activate(tx: Tx, key: str, version: int) -> None:
    """Later runs of the tenant use this version of its own; runs that began keep theirs.

    Raises NoSuchRow.
    """
    done = tx.run(
        """
        UPDATE outrider.prompts p SET current_version = %(version)s, is_active = true
         WHERE p.key = %(key)s AND p.tenant_id = outrider.current_tenant_id()
           AND EXISTS (SELECT 1 FROM outrider.prompt_versions v
                        WHERE v.prompt_id = p.id AND v.version = %(version)s)
        """,
        {"key": key, "version": version},
    )
    if not done:
        raise NoSuchRow("version", f"{key}@{version}")


def deactivate(tx: Tx, key: str) -> bool:
    """Later runs of the tenant use what ships; False when they did already."""
    return bool(
        tx.run(
            """
            UPDATE outrider.prompts SET is_active = false
             WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id() AND is_active
            """,
            {"key": key},
        )
    )


def _params(prompt: Prompt, text: Text) -> dict[str, object]:
    return {
        "system": text.system,
        "user": text.user,
        "model": text.model,
        "temperature": text.temperature,
        "max_tokens": text.max_tokens,
        "schema": Jsonb(prompt.schema),
    }
