"""The processes that `up` keeps alive, and the one that asked to be started again."""

import base64
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from db import Database
from schemas.jobs import CheckInvariants
from schemas.settings import Settings
from scripts.fleet import Fleet
from tests.factories import enqueue
from tests.fix_world import until
from workers.recycling import RECYCLED

pytestmark = pytest.mark.e2e
KEY = base64.b64encode(bytes(32)).decode()


def test_a_recycled_worker_is_started_again_and_is_no_failure(
    database: Database, tenant: UUID, dsn: str, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(
        env="test", database_url=SecretStr(dsn), redis_url=SecretStr(redis_url),
        secret_key=SecretStr(KEY),
    )  # fmt: skip  # pyright: ignore[reportCallIssue]
    with Fleet(settings, extra={"OUTRIDER_MAX_JOBS": "1"}, logs=tmp_path) as fleet:
        worker = fleet.start_worker(only="house.check_invariants")
        enqueue(database, None, CheckInvariants())
        assert worker.wait(30) == RECYCLED
        assert fleet.restart_the_dead() == 1
        assert fleet._deaths == []
        until(
            lambda: (tmp_path / "worker.log").read_text().count("worker.started") == 2, seconds=30
        )


def test_a_bound_that_a_worker_cannot_live_with_is_named(tmp_path: Path, dsn: str) -> None:
    settings = Settings(
        env="test", database_url=SecretStr(dsn), secret_key=SecretStr(KEY), direct=True
    )  # pyright: ignore[reportCallIssue]
    with Fleet(settings, extra={"OUTRIDER_MEMORY_MAX": "64"}, logs=tmp_path) as fleet:
        assert fleet.start_worker().wait(30) == 1
    assert "OUTRIDER_MEMORY_MAX: 64 MiB is less than" in (tmp_path / "worker.log").read_text()
