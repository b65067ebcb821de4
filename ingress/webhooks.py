"""`POST /webhooks/leads/{source}`: verify, store raw once, emit, 202. Refuses unsigned words."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db import leads, webhooks
from ingress import bodies
from ingress.doors import Doors
from pipelines.engine import emit
from schemas.events import LeadCaptured


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an event."""

    event_id: UUID
    lead_id: UUID | None
    duplicate: bool


@dataclass(frozen=True, slots=True)
class LeadWebhooks:
    """The endpoint; everything that asks Postgres runs on a thread of the pool."""

    doors: Doors

    async def post(self, request: Request) -> Response:
        """202 once the event is stored and its work queued, in one transaction; else a Problem."""
        slug, body = await self.doors.knock(request)
        trace_id: str = request.state.trace_id
        receipt = await run_in_threadpool(self.receive, slug, request.headers, body, trace_id)
        lead_id = str(receipt.lead_id) if receipt.lead_id else None
        facts = {"lead_id": lead_id, "duplicate": receipt.duplicate}
        request.state.facts.update(event_id=str(receipt.event_id), **facts)
        answer = {"id": str(receipt.event_id), **facts, "trace_id": trace_id}
        return JSONResponse(answer, status_code=202)

    def receive(self, slug: str, headers: Mapping[str, str], body: bytes, trace_id: str) -> Receipt:
        """Check and keep one event. Raises Problem (nothing stored) or DatabaseAway. Idempotent."""
        door, name = self.doors.enter(slug, headers, body)
        lead = bodies.validate(bodies.parse(body))
        with self.doors.database.tenant(door.tenant_id, trace_id=trace_id) as tx:
            event_id = webhooks.store(tx, source_id=door.source_id, external_id=name, body=body)
            if event_id is None:
                known = webhooks.find_received(tx, source_id=door.source_id, external_id=name)
                assert known
                return Receipt(known.id, known.lead_id, duplicate=True)
            captured = leads.capture(tx, lead, source=f"webhook:{slug}")
            webhooks.attach_lead(tx, event_id, captured.lead_id)
            emit(tx, LeadCaptured(lead_id=captured.lead_id), key=f"{door.source_id}:{name}")
        return Receipt(event_id, captured.lead_id, duplicate=False)
