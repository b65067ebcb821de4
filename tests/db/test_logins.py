"""The fleet's login has the password that the fleet is configured with, or one of its own making.

Logins belong to a whole server, so this test has one to itself.
"""

from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from db.logins import APP, app_dsn, make_app_login
from db.migrate import migrate
from scripts.services import running


def test_a_configured_password_becomes_the_logins_and_a_strangers_does_not(tmp_path: Path) -> None:
    with running(tmp_path / "servers", durable=False) as servers:
        owner = servers.database_url
        migrate(owner)
        told = make_conninfo(owner, user=APP, password="chosen by the operator")
        pooler = make_conninfo(told, host="pooler.invalid", port=6543)
        for _ in range(2):
            made = make_app_login(owner, fleet_dsn=pooler)
            assert conninfo_to_dict(made) == conninfo_to_dict(told)
        stranger = make_conninfo(owner, user="somebody", password="secret")
        assert make_app_login(owner, fleet_dsn=stranger) == app_dsn(owner)
