"""A rotation wraps everything under the first key, loses nothing, and can be killed anywhere."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from db import Database, credentials
from telemetry.secrets import BadKey, Keyring, Purpose
from tests.factories import tenant_called
from workers.credentials import rotate

Peek = Callable[..., list[tuple[Any, ...]]]
OLD, NEW = bytes(range(32)), bytes(range(100, 132))
BEFORE, BOTH, AFTER = Keyring([OLD]), Keyring([NEW, OLD]), Keyring([NEW])


@pytest.fixture
def kept(database: Database, tenant: UUID) -> dict[Purpose, bytes]:
    """Secrets of two tenants, under the old key."""
    owners = [tenant] * 4 + [tenant_called(database, "other")] * 3
    found = {
        Purpose(owner, "mailbox", uuid4(), "password"): f"secret {number}".encode()
        for number, owner in enumerate(owners)
    }
    with database.hat("operator") as tx:
        for purpose, secret in found.items():
            credentials.add(tx, purpose, sealed=BEFORE.seal(secret, purpose))
    return found


def opened(database: Database, keyring: Keyring, purposes: dict[Purpose, bytes]) -> dict[Purpose, bytes]:  # fmt: skip
    """Every secret, as a worker reads it."""
    found: dict[Purpose, bytes] = {}
    for purpose in purposes:
        with database.tenant(purpose.tenant_id) as tx:
            sealed = credentials.find(tx, purpose)
        assert sealed
        found[purpose] = keyring.open(sealed, purpose)
    return found


def test_every_secret_of_every_tenant_opens_with_the_new_key_alone(
    database: Database, kept: dict[Purpose, bytes], peek: Peek
) -> None:
    found = rotate(database, BOTH, operator="ada", batch=3)
    assert (found.wrapped, found.kept, found.broken) == (7, 0, [])
    assert (found.under, found.is_whole) == ({AFTER.first: 7}, True)
    assert opened(database, AFTER, kept) == kept
    trail = peek("SELECT operator, action, (details ->> 'wrapped')::int FROM outrider.audit_logs")
    assert {line[:2] for line in trail} == {("ada", "secrets.rotate")}
    assert sum(line[2] for line in trail) == 7
    assert rotate(database, BOTH, operator="ada").wrapped == 0, "again is nothing"


def test_a_dry_run_says_the_same_and_writes_nothing(
    database: Database, kept: dict[Purpose, bytes], peek: Peek
) -> None:
    found = rotate(database, BOTH, operator="ada", dry_run=True)
    assert (found.wrapped, found.under, found.is_whole) == (7, {BEFORE.first: 7}, False)
    assert opened(database, BEFORE, kept) == kept
    assert peek("SELECT 1 FROM outrider.audit_logs") == []


def test_a_missing_key_is_named_and_nothing_begins(
    database: Database, kept: dict[Purpose, bytes]
) -> None:
    with pytest.raises(BadKey, match=rf"{BEFORE.first} \(7 secrets\).*nothing was changed"):
        rotate(database, AFTER, operator="ada")
    assert opened(database, BEFORE, kept) == kept


def test_a_password_that_is_changed_meanwhile_stays(
    database: Database, kept: dict[Purpose, bytes]
) -> None:
    """Between the look and the write of the only batch, somebody gives a mailbox a new password."""
    mine = next(iter(kept))

    class Meddling(Keyring):
        def rewrap(self, sealed: bytes, purpose: Purpose) -> bytes:
            if purpose == mine and BEFORE.first == sealed[1:5].hex() and kept[mine] != b"newer":
                kept[mine] = b"newer"
                with database.hat("operator") as tx:
                    credentials.put(tx, mine, sealed=BEFORE.seal(b"newer", mine))
            return super().rewrap(sealed, purpose)

    found = rotate(database, Meddling([NEW, OLD]), operator="ada")
    assert (found.wrapped, found.kept, found.is_whole) == (7, 0, True), "the second look took it"
    assert opened(database, AFTER, kept) == kept


def test_one_that_its_key_does_not_open_is_named_and_stops_no_other(
    database: Database, kept: dict[Purpose, bytes]
) -> None:
    moved = replace(next(iter(kept)), owner_id=uuid4())
    with database.hat("operator") as tx:
        credentials.add(tx, moved, sealed=BEFORE.seal(b"x", next(iter(kept))))
    found = rotate(database, BOTH, operator="ada")
    assert (found.wrapped, found.under) == (7, {AFTER.first: 7, BEFORE.first: 1})
    assert found.broken == [f"mailbox {moved.owner_id} password"]
    assert not found.is_whole


_KILLED = f"""
import os, signal, sys
from db import Database
from telemetry.secrets import Keyring
from workers.credentials import rotate
database = Database(os.environ["DSN"], max_size=2)
database.open()
rotate(database, Keyring([{NEW!r}, {OLD!r}]), operator="ada", batch=2,
       told=lambda done: os.kill(os.getpid(), signal.SIGKILL) if done >= 4 else None)
"""


def test_killed_in_the_middle_it_is_finished_by_the_next_run(
    database: Database, dsn: str, here: Path, kept: dict[Purpose, bytes]
) -> None:
    died = subprocess.run([sys.executable, "-P", "-c", _KILLED], cwd=here, check=False,
                          env={**os.environ, "PYTHONPATH": str(here), "DSN": dsn}, timeout=60)  # fmt: skip
    assert died.returncode == -signal.SIGKILL
    with database.hat("operator") as tx:
        under = credentials.count_by_key(tx)
    assert 4 <= under[AFTER.first] < 7
    assert opened(database, BOTH, kept) == kept, "half-way, everything opens"
    assert rotate(database, BOTH, operator="ada").is_whole
    assert opened(database, AFTER, kept) == kept
