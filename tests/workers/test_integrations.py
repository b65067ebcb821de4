"""Connections of a tenant, each on its own: what is refused waits for a new secret, and all else goes on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from db import Database, integrations
from db.integrations import Integration
from providers.fake import FakeKeys, world
from providers.ports import Providers
from schemas.enums import IntegrationStatus, JobOutcome, JobState
from schemas.errors import JobError, NeedsReauth, Permanent, RateLimited, Transient
from schemas.jobs import (
    CheckIntegration,
    CheckIntegrations,
)
from tests.fix_vendors import LOOK_UP, LookUp, joined, states
from tests.fix_world import Bench, spec
from workers import connected, integration_setup
from workers.actor import registered
from workers.context import Context

Peek = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def keys() -> FakeKeys:
    """A vendor that takes everything, until it is told otherwise."""
    return FakeKeys()


@pytest.fixture
def providers(keys: FakeKeys) -> Providers:
    return world(keys=keys)


@pytest.fixture
def apollo(database: Database, tenant: UUID, keys: FakeKeys) -> Callable[[], Integration]:
    """A connected account, and how it stands."""
    joined(database, keys, tenant, "apollo", "http://127.0.0.1:1")

    def now() -> Integration:
        with database.tenant(tenant) as tx:
            return integrations.get(tx, "apollo")

    return now


@pytest.mark.parametrize(
    ("trouble", "status", "outcome"),
    [
        (None, IntegrationStatus.CONNECTED, JobOutcome.DONE),
        (NeedsReauth("secret: no."), IntegrationStatus.NEEDS_REAUTH, JobOutcome.DONE),
        (Permanent("base_url: no."), IntegrationStatus.ERROR, JobOutcome.DONE),
        (Transient("late."), IntegrationStatus.CONNECTED, JobState.DELAYED),
        (RateLimited("slow.", retry_after=timedelta(minutes=1)), IntegrationStatus.CONNECTED, JobState.DELAYED),
    ],
    ids=["taken", "refused", "wrong", "late", "limited"],
)  # fmt: skip
def test_what_a_check_by_the_clock_makes_of_a_connection(
    bench: Bench, keys: FakeKeys, apollo: Callable[[], Integration], trouble: JobError | None,
    status: IntegrationStatus, outcome: JobOutcome | JobState,
) -> None:  # fmt: skip
    keys.refusal = trouble
    job_id = bench.do(
        registered()["integration.check"], CheckIntegration(integration_id=apollo().id)
    )
    found = apollo()
    assert (found.status, found.last_error) == (status, str(trouble) if trouble else None)
    burned = 0 if isinstance(trouble, RateLimited) else 1
    assert bench.state(job_id) == (outcome, burned)


def test_the_clock_has_every_tenants_integrations_checked(
    database: Database, bench: Bench, tenant: UUID, apollo: Callable[[], Integration], peek: Peek
) -> None:
    house = Bench(database, bench.runner, None)  # pyright: ignore[reportArgumentType]
    house.do(registered()["house.check_integrations"], CheckIntegrations())
    query = "SELECT tenant_id, lane, (payload ->> 'integration_id')::uuid FROM outrider.jobs"
    assert peek(query) == [(tenant, apollo().lane, apollo().id)]


def test_a_secret_whose_time_is_over_is_not_sent(
    database: Database,
    tenant: UUID,
    bench: Bench,
    keys: FakeKeys,
    later: Callable[[timedelta], None],
) -> None:
    joined(database, keys, tenant, "gmail", "http://127.0.0.1:1", expires_at=datetime.fromisoformat("2020-01-01T00:00:00Z"))  # fmt: skip
    job_id = bench.do(LOOK_UP, LookUp(provider="gmail"))
    assert keys.asked["gmail"] == 1, "when it was connected"
    assert bench.state(job_id) == (JobState.DELAYED, 0)
    assert states(database, tenant) == {"gmail": "needs_reauth"}


def test_an_old_secrets_refusal_says_nothing_about_the_new_one(
    database: Database,
    tenant: UUID,
    bench: Bench,
    keys: FakeKeys,
    apollo: Callable[[], Integration],
) -> None:
    def meanwhile(job: LookUp, ctx: Context) -> None:
        with connected.using(ctx, job.provider):
            joined(database, keys, tenant, "apollo", "http://127.0.0.1:1", "apollo-key-2")
            raise NeedsReauth("secret: the old one.")

    job_id = bench.do(spec(LookUp, meanwhile), LookUp(provider="apollo"))
    assert apollo().status is IntegrationStatus.CONNECTED
    assert bench.state(job_id) == (JobState.DELAYED, 0)


def test_a_refused_secret_is_not_kept_and_a_wrong_form_is_not_even_tried(
    database: Database, tenant: UUID, keys: FakeKeys, peek: Peek
) -> None:
    keys.refusal = NeedsReauth("secret: no.")
    with pytest.raises(NeedsReauth):
        joined(database, keys, tenant, "apollo", "http://127.0.0.1:1")
    for name, secret in (("zoominfo", "no-colon"), ("gmail", "two\nlines"), ("gmail", "schlüssel")):
        with pytest.raises(Permanent, match=r"^secret: "):
            joined(database, keys, tenant, name, "http://127.0.0.1:1", secret)
    assert keys.asked.total() == 1
    assert peek("SELECT 1 FROM outrider_secret.credentials") == states_of(peek) == []


def states_of(peek: Peek) -> list[Any]:
    return peek("SELECT status FROM outrider.integrations")


def test_a_disconnected_account_keeps_no_secret_and_its_work_waits_for_another(
    database: Database, tenant: UUID, bench: Bench, keys: FakeKeys, apollo: Callable[[], Integration], peek: Peek
) -> None:  # fmt: skip
    integration_setup.disconnect(database, apollo(), reason="left", operator="ada")
    assert peek("SELECT 1 FROM outrider_secret.credentials") == []
    job_id = bench.do(LOOK_UP, LookUp(provider="apollo"))
    assert bench.state(job_id) == (JobState.DELAYED, 0)
    assert bench.do(registered()["integration.check"], CheckIntegration(integration_id=apollo().id))
    assert (apollo().status, apollo().status_reason) == (IntegrationStatus.DISCONNECTED, "left")
    joined(database, keys, tenant, "apollo", "http://127.0.0.1:1")
    assert apollo().status is IntegrationStatus.CONNECTED
    bench.attempt(LOOK_UP, job_id)
    assert bench.state(job_id) == (JobOutcome.DONE, 1)


def test_what_was_never_connected_is_a_dead_letter_that_says_how(bench: Bench, peek: Peek) -> None:
    bench.do(LOOK_UP, LookUp(provider="apollo"))
    [(text,)] = peek("SELECT error_message FROM outrider.dead_letters")
    assert text == "integration: apollo is not connected; `outrider integrations connect`."
