"""Settings: read from text, refused with the variable's whole name."""

from datetime import timedelta

import pytest

from schemas.settings import Settings, SettingsMissing, load
from scripts.docs import env_example


@pytest.fixture(autouse=True)
def _an_empty_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("settings"))


@pytest.mark.parametrize(("text", "seconds"), [("15", 15.0), ("0.5", 0.5)])
def test_a_duration_is_a_number_of_seconds(
    monkeypatch: pytest.MonkeyPatch, text: str, seconds: float
) -> None:
    monkeypatch.setenv("OUTRIDER_LEASE", text)
    assert load().lease == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["soon", "-1", "0", "1e400", "nan"])
def test_a_duration_that_is_none_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("OUTRIDER_LEASE", text)
    with pytest.raises(SettingsMissing, match=r"^OUTRIDER_LEASE: "):
        load()


def test_the_example_with_every_default_spelled_out_gives_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for line in env_example().splitlines():
        if line.startswith("# OUTRIDER_"):
            name, _, value = line.removeprefix("# ").partition("=")
            monkeypatch.setenv(name, value)
    assert load() == Settings.model_validate({})


def test_production_names_everything_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTRIDER_ENV", "production")
    with pytest.raises(SettingsMissing) as refused:
        load()
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        assert f"OUTRIDER_{name}" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "hello"),
        ("OWNER_URL", "mysql://me:pw@db/x"),
        ("REDIS_URL", "http://me:pw@x"),
    ],
)
def test_an_address_of_the_wrong_kind_is_refused_by_name_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv(f"OUTRIDER_{name}", url)
    with pytest.raises(SettingsMissing, match=f"^OUTRIDER_{name}: must start with") as refused:
        load()
    assert "pw" not in str(refused.value)


def test_production_refuses_armed_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTRIDER_DATABASE_URL", "postgresql://db/outrider")
    monkeypatch.setenv("OUTRIDER_REDIS_URL", "redis://redis")
    monkeypatch.setenv("OUTRIDER_SECRET_KEY", "x")
    monkeypatch.setenv("OUTRIDER_ENV", "production")
    monkeypatch.setenv("OUTRIDER_FAULTS", "claim.after@1")
    with pytest.raises(SettingsMissing, match="OUTRIDER_FAULTS"):
        load()


def test_secrets_do_not_show_in_a_printed_settings_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTRIDER_DATABASE_URL", "postgresql://u:hunter2@h/d")
    assert "hunter2" not in repr(load())


def test_production_without_redis_is_whole_where_workers_claim_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OUTRIDER_DATABASE_URL", "postgresql://db/outrider")
    monkeypatch.setenv("OUTRIDER_SECRET_KEY", "x")
    monkeypatch.setenv("OUTRIDER_ENV", "production")
    with pytest.raises(SettingsMissing, match="OUTRIDER_REDIS_URL"):
        load()
    assert load(direct=True).redis_url is None
    monkeypatch.setenv("OUTRIDER_DIRECT", "1")
    assert load().direct


@pytest.mark.parametrize("prefix", ["a b", "", "x:" * 30, "*"])
def test_a_redis_prefix_is_one_plain_word(prefix: str) -> None:
    with pytest.raises(SettingsMissing, match=r"^OUTRIDER_REDIS_PREFIX: "):
        load(redis_prefix=prefix)
