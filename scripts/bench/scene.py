"""Where a measurement takes place: servers, a tenant, a pool, and the facts of the machine."""

import os
import platform
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import cast
from uuid import UUID, uuid4

import typer
from redis import Redis

from db import Database, bench, bench_facts, tenants
from db.pool import Connection, connect
from schemas.settings import Settings, load
from scripts.environment import environment, home
from telemetry.bell import Bell, open_bell


@dataclass(frozen=True, slots=True)
class Scene:
    """An open scene; `owner` may look at everything."""

    settings: Settings
    owner_dsn: str
    owner: Connection
    redis: Redis
    database: Database
    load: float
    """Of the machine, before anything was measured."""
    newest: int
    """The id of the newest job before that."""

    @property
    def dsn(self) -> str:
        """Postgres as the fleet's login."""
        assert self.settings.database_url
        return self.settings.database_url.get_secret_value()

    @property
    def redis_url(self) -> str:
        """Redis, password included."""
        assert self.settings.redis_url
        return self.settings.redis_url.get_secret_value()

    def tenant(self) -> UUID:
        """A tenant of this measurement's own."""
        with self.database.hat("operator") as tx:
            slug = f"bench-{uuid4().hex[:8]}"
            return tenants.add(tx, name="Bench", slug=slug, timezone="UTC").id

    def facts(self) -> dict[str, object]:
        """What a figure depends on."""
        info = cast("dict[str, object]", self.redis.info("server"))  # pyright: ignore[reportUnknownMemberType]
        config = cast("dict[str, str]", self.redis.config_get("appendonly"))  # pyright: ignore[reportUnknownMemberType]
        return {
            "cores": os.cpu_count(),
            "load_at_start": round(self.load, 2),
            "python": platform.python_version(),
            "postgres": bench_facts.server(self.owner),
            "redis": f"{info.get('server_name', 'redis')} {info.get('valkey_version', info['redis_version'])}",
            "redis_appendonly": config["appendonly"],
        }


@contextmanager
def scene() -> Generator[Scene]:
    """The configured servers, or embedded ones of the benchmarks' own; what they made goes at the end.

    Embedded Postgres syncs every commit as in production. Embedded Redis writes no log for the
    length of a measurement, as a Redis does that nobody configured.
    """
    busy, given = os.getloadavg()[0], load()
    with ExitStack() as stack:
        settings = stack.enter_context(
            environment(given, folder=home(given) / "bench", may_migrate=True)
        )
        if settings.env == "production":
            raise typer.BadParameter(
                "bench makes and drops tables: not where OUTRIDER_ENV=production"
            )
        if settings.owner_url is None or settings.redis_url is None:
            raise typer.BadParameter(
                "bench needs OUTRIDER_OWNER_URL, to make its scratch tables, and OUTRIDER_REDIS_URL"
            )
        owner = settings.owner_url.get_secret_value()
        redis = stack.enter_context(Redis.from_url(settings.redis_url.get_secret_value()))  # pyright: ignore[reportUnknownMemberType]
        if given.redis_url is None:
            redis.config_set("appendonly", "no")  # pyright: ignore[reportUnknownMemberType]
            stack.callback(lambda: redis.config_set("appendonly", "yes"))  # pyright: ignore[reportUnknownMemberType]
        bell = open_bell(settings)
        stack.callback(_close, bell)
        database = Database(_dsn(settings), max_size=4, bell=bell, name="outrider bench")
        database.open()
        stack.callback(database.close)
        bench.drop(owner)  # what an earlier run left that was cut off
        stack.callback(bench.drop, owner)
        conn = stack.enter_context(connect(owner))
        yield Scene(settings, owner, conn, redis, database, busy, bench.last_job_id(conn))


def _dsn(settings: Settings) -> str:
    assert settings.database_url
    return settings.database_url.get_secret_value()


def _close(bell: Bell | None) -> None:
    if bell:
        bell.close()
