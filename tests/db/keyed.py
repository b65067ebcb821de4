"""Keys of the policies under test, and what the table holds of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from db import Database
from db.claims import Claim
from db.jobs import Unique
from db.new_jobs import Scope
from tests.factories import claim, pick

Peek = Callable[..., list[tuple[Any, ...]]]
HOUR = timedelta(hours=1)


def newest(key: str = "k", scope: Scope = "live") -> Unique:
    return Unique(key, scope, on_conflict="replace")


def put_off(key: str = "k", most: timedelta = HOUR, scope: Scope = "live") -> Unique:
    return Unique(key, scope, on_conflict="debounce", max_wait=most)


def rows(peek: Peek, columns: str = "id, payload->>'number', state::text") -> list[tuple[Any, ...]]:
    return peek(f"SELECT {columns} FROM outrider.jobs ORDER BY id")  # pyright: ignore[reportArgumentType]


def started(database: Database, tenant: UUID, job_id: int) -> Claim:
    assert job_id in pick(database)
    claimed = claim(database, tenant, job_id)
    assert claimed
    return claimed
