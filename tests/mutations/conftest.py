"""A witness for each scene, and the mutation of the database that a trial asks for."""

import os
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest

from db import Database
from tests.mutations.catalogue import MUTATIONS
from tests.mutations.trial import MUTATION, statements
from tests.mutations.witness import Witness


@pytest.fixture(autouse=True)
def mutated(request: pytest.FixtureRequest) -> None:
    """Change the functions of this scene's database as the trial's mutation says."""
    name = os.environ.get(MUTATION)
    if name is None or "owner_dsn" not in request.fixturenames:
        return
    dsn = cast(str, request.getfixturevalue("owner_dsn"))
    with psycopg.connect(dsn, autocommit=True) as conn:
        for statement in statements(conn, MUTATIONS[name]):
            conn.execute(statement.encode())


@pytest.fixture
def witness(
    database: Database, tenant: UUID, peek: Callable[..., list[tuple[Any, ...]]], sick: list[str],
) -> Witness:  # fmt: skip
    """Watches a scene; what it finds, the fixture `database` need not find again."""
    peek(
        "CREATE TABLE public.deeds (nth bigint GENERATED ALWAYS AS IDENTITY, job_id bigint, token bigint)"
    )
    peek("GRANT INSERT ON public.deeds TO outrider_worker")
    return Witness(database, tenant, peek, [])
