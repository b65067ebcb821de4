"""The story of a lead, told once from end to end."""

from collections.abc import Callable
from time import monotonic
from typing import Any
from uuid import UUID

from db import Database, leads
from pipelines.engine import emit
from providers.fake import FakeDomains
from schemas.enums import LeadStatus
from schemas.events import LeadCaptured
from tests.factories import capture
from tests.fix_world import Fleet, until
from workers import process
from workers.actor import registered


def test_a_captured_lead_is_enriched_and_scored_by_itself(
    database: Database, tenant: UUID, fleet: Callable[..., Fleet], domains: FakeDomains,
    peek: Callable[..., list[tuple[Any, ...]]],
) -> None:  # fmt: skip
    # A fleet of one process serves every actor.
    fleet([registered()[name] for name in process.actor_names()])
    began = monotonic()

    # A form on a web site tells us about Ada. That is all anybody does by hand.
    with database.tenant(tenant) as tx:
        ada = capture(tx, "ada@acme.test", full_name="Ada Lovelace", title="CTO")
        emit(tx, LeadCaptured(lead_id=ada), key="web:1")

    # A moment later we know her company, and how promising she is.
    def now() -> leads.Lead:
        with database.tenant(tenant) as tx:
            return leads.get(tx, ada)

    until(lambda: now().status is LeadStatus.SCORED)
    assert monotonic() - began < 1
    assert now().company_name == "Acme"
    assert (now().score or 0) > 60

    # One look at the company, one result, one score, and every step explains itself.
    assert domains.domains == {"acme.test": 1}
    assert peek("SELECT count(*) FROM outrider.enrichment_results") == [(1,)]
    assert peek("SELECT count(*) FROM outrider.scores") == [(1,)]
    assert peek("SELECT to_status::text, cause FROM outrider.lead_status_transitions ORDER BY id") == [
        ("new", "test"), ("enriched", "lead.enrich"), ("scored", "lead.score")]  # fmt: skip
    until(lambda: peek("SELECT count(*) FROM outrider.jobs") == [(0,)])
