"""The schema of our environment. Read once at the process edge, passed inwards."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "OUTRIDER_"


def _seconds(given: object) -> object:
    """Environment variables are text, and a bare number is seconds."""
    if not isinstance(given, str):
        return given
    try:
        span = timedelta(seconds=float(given))
    except (ValueError, OverflowError):
        raise ValueError(f"{given!r} is not a number of seconds") from None
    if span <= timedelta(0):
        raise ValueError(f"{given!r} is not more than 0 seconds")
    return span


Seconds = Annotated[timedelta, BeforeValidator(_seconds)]


def _scheme(*allowed: str) -> Callable[[SecretStr], SecretStr]:
    def check(url: SecretStr) -> SecretStr:
        # libpq's own form, "host=… dbname=…", has no scheme and names its parts.
        if not url.get_secret_value().startswith((*allowed, "host=", "user=", "dbname=")):
            raise ValueError(f"must start with {' or '.join(allowed)}")
        return url

    return check


PostgresUrl = Annotated[SecretStr, AfterValidator(_scheme("postgresql://", "postgres://"))]
RedisUrl = Annotated[SecretStr, AfterValidator(_scheme("redis://", "rediss://", "unix://"))]


class SettingsMissing(Exception):
    """Something in the environment is absent or unusable; the text lists every full name."""


class Settings(BaseSettings):
    """Everything that differs between two machines, and nothing else."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    env: Literal["development", "test", "production"] = Field(
        "development", description="What this machine is for; `production` refuses unsafe defaults."
    )
    database_url: PostgresUrl | None = Field(
        None, description="Postgres of the fleet, as a login that owns nothing; none: embedded."
    )
    owner_url: PostgresUrl | None = Field(
        None, description="Postgres as the owner of the schema, on a direct port; `migrate` only."
    )
    redis_url: RedisUrl | None = Field(
        None, description="Redis or Valkey, version 7 or later; none: embedded."
    )
    redis_prefix: str = Field(
        "outrider",
        pattern=r"^[A-Za-z0-9_.-]{1,40}$",
        description="What our Redis keys begin with; a word of its own for each fleet that shares one.",
    )
    direct: bool = Field(
        default=False,
        description="Workers claim straight from Postgres (`worker --direct`), and no Redis is needed.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="32 bytes in base64 that seal stored secrets; none: made under .outrider/.",
    )
    home: Path | None = Field(
        None, description="Folder of the embedded servers; none: .outrider in the checkout."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto` is colours on a terminal and JSON everywhere else."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important line that is still written."
    )
    sentry_dsn: SecretStr | None = Field(None, description="Where error reports go; none: nowhere.")
    pool_max: int = Field(
        12, ge=4, le=200, description="Postgres connections per process; at least threads + 4."
    )
    threads: int = Field(8, ge=1, le=64, description="Jobs a worker process runs at the same time.")
    lease: Seconds = Field(
        timedelta(seconds=15), description="Seconds of silence after which a process is dead."
    )
    drain: Seconds = Field(
        timedelta(seconds=25), description="Seconds a stopping worker lets running jobs finish."
    )
    memory_max: int | None = Field(
        None,
        ge=64,
        description="MiB a worker may grow to before it drains and ends with exit code 75; none: no bound.",
    )
    max_jobs: int | None = Field(
        None,
        ge=1,
        description="Attempts after which a worker drains and ends with exit code 75; none: no bound.",
    )
    ingress_host: str = Field("127.0.0.1", description="Address the HTTP edge listens on.")
    ingress_port: int = Field(8080, ge=0, le=65535, description="Port of the HTTP edge.")
    metrics_host: str = Field("127.0.0.1", description="Address the workers' metrics listen on.")
    metrics_port: int = Field(
        0,
        ge=-1,
        le=65535,
        description="Port of a worker's own /metrics, /live, /ready; 0: a free one, logged; -1: off.",
    )
    webhook_max_bytes: int = Field(
        262_144, ge=1024, description="Largest webhook body that is read."
    )
    import_max_bytes: int = Field(
        104_857_600, ge=1_048_576, description="Largest file of people that is taken by HTTP."
    )
    mail_max_bytes: int = Field(
        10_485_760, ge=65_536, description="Largest mail that is read, from a mailbox or a webhook."
    )
    public_url: HttpUrl | None = Field(
        None,
        description="Where the world reaches the HTTP edge, for unsubscribe links; none: its own address.",
    )
    egress_proxy: HttpUrl | None = Field(
        None, description="HTTP proxy for look-ups of company pages; none: direct."
    )
    dns_server: str | None = Field(
        None, description="Resolver for mail and domain facts as host:port; none: the system's."
    )
    model_url: HttpUrl | None = Field(
        None,
        description="OpenAI-compatible API of a language model, e.g. https://api.openai.com/v1; none: no model is asked.",
    )
    model_name: str | None = Field(None, description="Which model of it, by the server's name.")
    model_key: SecretStr | None = Field(
        None, description="The key for it; none: the server asks for none."
    )
    model_local: bool = Field(
        default=False,
        description="Models may be on this machine or in a private network, over plain HTTP too.",
    )
    model_daily_cents: int = Field(
        500,
        ge=0,
        description="Cents that one tenant's models may cost per UTC day, unless `ai limit` says otherwise.",
    )
    faults: str | None = Field(
        None, description="Named points at which a worker kills itself; refused in production."
    )

    @property
    def link_base(self) -> str:
        """What the links in our mails begin with, without a slash at the end."""
        own = f"http://{self.ingress_host}:{self.ingress_port}"
        return str(self.public_url).rstrip("/") if self.public_url else own

    @model_validator(mode="after")
    def _room_for_every_thread(self) -> "Settings":
        if self.pool_max < self.threads + 4:
            raise ValueError(
                f"{PREFIX}POOL_MAX must be at least {PREFIX}THREADS + 4, which is {self.threads + 4}"
            )
        return self

    @model_validator(mode="after")
    def _model_is_whole(self) -> "Settings":
        if self.model_url and not self.model_name:
            raise ValueError(f"{PREFIX}MODEL_URL needs {PREFIX}MODEL_NAME")
        if self.model_url and self.model_url.scheme != "https" and not self.model_local:
            raise ValueError(
                f"{PREFIX}MODEL_URL must start with https://, or set {PREFIX}MODEL_LOCAL=true"
            )
        return self

    @model_validator(mode="after")
    def _production_is_explicit(self) -> "Settings":
        if self.env != "production":
            return self
        needed = ("database_url", *(() if self.direct else ("redis_url",)), "secret_key")
        absent = [name for name in needed if not getattr(self, name)]
        if absent:
            names = ", ".join(PREFIX + name.upper() for name in absent)
            raise ValueError(f"{PREFIX}ENV=production needs {names}")
        if self.public_url and self.public_url.scheme != "https":
            raise ValueError(
                f"{PREFIX}PUBLIC_URL must start with https:// (RFC 8058) in production"
            )
        if self.faults:
            raise ValueError(f"{PREFIX}FAULTS is refused when {PREFIX}ENV=production")
        return self


def load(**given: object) -> Settings:
    """Read the environment and `.env`; what is `given` goes before both.

    Raises SettingsMissing with one line per problem, each naming the whole variable.
    """
    try:
        return Settings(**given)  # pyright: ignore[reportCallIssue, reportArgumentType]  (fields come from the environment)
    except ValidationError as error:
        lines = [_sentence(p["loc"], p["msg"]) for p in error.errors(include_input=False)]
        raise SettingsMissing("\n".join(lines)) from None


def _sentence(where: tuple[int | str, ...], problem: str) -> str:
    text = problem.removeprefix("Value error, ")
    return f"{PREFIX}{str(where[0]).upper()}: {text}" if where else text
