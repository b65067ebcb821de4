"""`/u/{token}`: GET shows, POST acts. Refuses to act on a look, and to say done before it is.

One-click is RFC 8058: mail clients POST without a person, and link scanners GET everything.
"""

import re
from dataclasses import dataclass
from uuid import UUID, uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from db import Database, Tx, campaigns, enrollments, leads, suppressions, unsubscribes
from db.pool import DatabaseAway
from db.unsubscribes import Door
from ingress import bodies
from ingress.html import page
from pipelines.engine import emit
from schemas.enums import LeadStatus, StopReason, SuppressionKind, SuppressionReason
from schemas.errors import NoSuchRow
from schemas.events import LeadMoved
from telemetry import logs

log = logs.get("outrider.ingress")

BY = "unsubscribe page"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_LONGEST_BODY = 65_536
_RETRY = {"Retry-After": "30"}


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """The page behind every unsubscribe link; what asks Postgres runs on a thread of the pool."""

    database: Database

    async def show(self, request: Request) -> Response:
        """The page with the button; changes nothing, however often it is fetched."""
        return await run_in_threadpool(self._show, request)

    async def act(self, request: Request) -> Response:
        """Unsubscribe, whatever the body says: `List-Unsubscribe=One-Click`, a form, or nothing."""
        await bodies.read(request, at_most=_LONGEST_BODY)
        return await run_in_threadpool(self._act, request)

    def _show(self, request: Request) -> Response:
        try:
            door = self.find(request.path_params["token"])
        except DatabaseAway as error:
            return _away(error)
        return page("unsubscribe", tenant=door.tenant_name) if door else _unknown()

    def _act(self, request: Request) -> Response:
        try:
            door = self.find(request.path_params["token"])
            if door is None:
                return _unknown()
            stopped = self._surely(door, trace_id=request.state.trace_id)
        except DatabaseAway as error:
            return _away(error)
        ids = {"enrollment_id": str(door.enrollment_id), "lead_id": str(door.lead_id)}
        request.state.facts.update(ids, stopped=stopped)
        return page("unsubscribed", tenant=door.tenant_name)

    def _surely(self, door: Door, *, trace_id: str) -> int:
        """Once more after a deadlock or a dropped connection: a mail client asks only once."""
        try:
            return self.unsubscribe(door, trace_id=trace_id)
        except DatabaseAway:
            return self.unsubscribe(door, trace_id=trace_id)

    def find(self, token: str) -> Door | None:
        """Whose link this is. Raises DatabaseAway."""
        if not _TOKEN.fullmatch(token):
            return None
        with self.database.hat("ingress") as tx:
            return unsubscribes.find_door(tx, token)

    def unsubscribe(self, door: Door, *, trace_id: str = "") -> int:
        """Suppress, stop and move in one transaction; how many sequences it stopped. Idempotent.

        Raises DatabaseAway: nothing was changed, or everything was and the answer got lost.
        """
        with self.database.tenant(door.tenant_id, trace_id=trace_id) as tx:
            # The order in which a reply's verdict locks: enrollment, lead, what the CRM is told.
            stopped = _stop(tx, door)
            _move(tx, door.lead_id)
            for address in unsubscribes.list_addresses(tx, door):
                suppressions.add(
                    tx, SuppressionKind.EMAIL, address, SuppressionReason.UNSUBSCRIBE, BY
                )
        return stopped


def _stop(tx: Tx, door: Door) -> int:
    """The sequence that the mail was part of, over or not, and whichever the person is in now."""
    stopped = enrollments.stop(tx, door.enrollment_id, StopReason.UNSUBSCRIBED, BY)
    live = enrollments.find_live_of_lead(tx, door.lead_id)
    others = enrollments.stop_all_of_lead(tx, door.lead_id, StopReason.UNSUBSCRIBED, BY)
    ended = [enrollments.get(tx, door.enrollment_id), live] if stopped else [live]
    for enrollment in ended:
        if enrollment:
            campaigns.close_if_done(tx, enrollment.campaign_id)
    return stopped + others


def _move(tx: Tx, lead_id: UUID) -> None:
    try:
        lead = leads.get_locked(tx, lead_id)
    except NoSuchRow:
        return  # deleted meanwhile: the wish holds for the address all the same
    if leads.move(tx, lead, LeadStatus.UNSUBSCRIBED, cause=BY):
        # The move happens once under the lead's lock, so its news needs no name of its own.
        emit(tx, LeadMoved(lead_id=lead_id, to=LeadStatus.UNSUBSCRIBED), key=f"{lead_id}:{uuid4()}")


def _unknown() -> Response:
    return page("unknown", status=404)


def _away(error: DatabaseAway) -> Response:
    log.warning("database.away", setting="OUTRIDER_DATABASE_URL", reason=str(error))
    return page("away", status=503, headers=_RETRY)
