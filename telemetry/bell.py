"""The after-commit wake-up hint. Best effort by design: nobody may wait for it or depend on it."""

import time
from collections.abc import Collection
from typing import Final, Protocol

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from schemas.settings import Settings

PREFIX: Final = "outrider"
"""What the keys of a fleet begin with unless it is told otherwise."""
_QUIET = 1.0
"""Seconds without an attempt after Redis did not answer, so that no commit waits twice."""


def connect(url: str, *, patience: float | None = None) -> redis.Redis:
    """A client without redis-py's own retries: a repeated pop would lose what it popped first.

    `patience` is the most seconds one answer may take; None for commands that block on purpose.
    """
    return redis.Redis.from_url(  # pyright: ignore[reportUnknownMemberType]  (untyped in redis-py)
        url,
        socket_timeout=patience,
        socket_connect_timeout=2,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )


class Ringer(Protocol):
    """Whoever wants to know that a commit left work behind."""

    def ring(self, actors: Collection[str]) -> bool:
        """Hint that these actors have work; never raises."""
        ...


class Listener(Protocol):
    """Where a dispatcher hears of new work."""

    def wait(self, actors: Collection[str], *, timeout: float) -> bool:
        """Block until one of these actors' bells rings; False after `timeout` seconds."""
        ...


class Bell:
    """Wakes one dispatcher that serves the actor; a lost ring costs one poll interval."""

    def __init__(self, url: str, prefix: str = PREFIX) -> None:
        """`prefix` is the fleet's own, where several fleets share one Redis number."""
        self._key = f"{prefix}:bell:"
        self._ringer = connect(url, patience=0.5)
        self._listener = connect(url)
        self._quiet_until = 0.0

    def ring(self, actors: Collection[str]) -> bool:
        """Hint that these actors have work; False when Redis is away. Never raises."""
        if time.monotonic() < self._quiet_until:
            return False
        try:
            with self._ringer.pipeline(transaction=False) as pipe:  # pyright: ignore[reportUnknownMemberType]
                for actor in actors:
                    # One unread ring is enough: the dispatcher drains everything it finds.
                    pipe.lpush(self._key + actor, 1)
                    pipe.ltrim(self._key + actor, 0, 0)
                pipe.execute()
        except redis.RedisError:
            self._quiet_until = time.monotonic() + _QUIET
            return False
        return True

    def answers(self) -> bool:
        """Whether Redis is there; False after half a second of silence."""
        try:
            return bool(self._ringer.ping())  # pyright: ignore[reportUnknownMemberType]
        except redis.RedisError:
            return False

    def wait(self, actors: Collection[str], *, timeout: float) -> bool:
        """Block until one of these actors' bells rings; False after `timeout` seconds.

        Raises redis.RedisError when Redis is away.
        """
        return bool(self._listener.blpop([self._key + actor for actor in actors], timeout=timeout))

    def close(self) -> None:
        """Give the connections back; idempotent."""
        self._ringer.close()
        self._listener.close()


def open_bell(settings: Settings) -> Bell | None:
    """The fleet's bell; None where it lives without Redis."""
    if settings.redis_url is None:
        return None
    return Bell(settings.redis_url.get_secret_value(), settings.redis_prefix)
