"""A command finds its servers: configured, already running here, or started for it alone."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from db.logins import APP, is_owner
from schemas.settings import Settings
from scripts.environment import attached, environment, variables


def plain(**given: object) -> Settings:
    return Settings.model_validate({"_env_file": None, **given})


def test_an_owners_url_is_used_to_migrate_and_never_handed_on(
    owner_dsn: str, redis_url: str, tmp_path: Path
) -> None:
    given = plain(database_url=SecretStr(owner_dsn), redis_url=SecretStr(redis_url))
    with environment(given, folder=tmp_path, may_migrate=True) as settings:
        assert settings.database_url
        assert settings.owner_url
        assert APP in settings.database_url.get_secret_value()
        assert not is_owner(settings.database_url.get_secret_value())
        assert is_owner(settings.owner_url.get_secret_value())
    assert attached(tmp_path) is None


@pytest.mark.parametrize("production", [False, True])
def test_an_owners_url_is_not_used_to_migrate_unasked_or_in_production(
    owner_url: str, redis_url: str, tmp_path: Path, production: bool
) -> None:
    known = {"database_url": SecretStr(owner_url), "redis_url": SecretStr(redis_url)}
    made = {"env": "production", "secret_key": SecretStr("k")} if production else {}
    with environment(plain(**known, **made), folder=tmp_path, may_migrate=production) as settings:
        assert settings.database_url == known["database_url"]
        assert settings.owner_url is None


def test_a_key_is_made_once_per_folder_and_readable_by_its_owner_only(
    dsn: str, redis_url: str, tmp_path: Path
) -> None:
    given = plain(database_url=SecretStr(dsn), redis_url=SecretStr(redis_url))
    with (
        environment(given, folder=tmp_path) as first,
        environment(given, folder=tmp_path) as second,
    ):
        assert first.secret_key == second.secret_key
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


def test_without_settings_servers_are_started_shared_and_stopped(tmp_path: Path) -> None:
    with environment(plain(), folder=tmp_path) as first:
        assert attached(tmp_path) is not None
        with environment(plain(), folder=tmp_path) as second:
            assert second.database_url == first.database_url
            assert second.redis_url == first.redis_url
        assert attached(tmp_path) is not None, "the guest stopped its host's servers"
    assert attached(tmp_path) is None


def test_a_child_process_gets_the_same_settings(dsn: str, redis_url: str) -> None:
    given = plain(database_url=SecretStr(dsn), redis_url=SecretStr(redis_url))
    told = variables(given)
    assert told["OUTRIDER_DATABASE_URL"] == dsn
    assert "OUTRIDER_OWNER_URL" not in told
