"""`/live`, `/ready`, `/metrics`. Refuses to call the edge dead because Redis is."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db import Database, ready
from db.logins import LoginRefused, refuse_powerful
from db.pool import DatabaseAway
from telemetry.bell import Bell
from telemetry.metrics import CONTENT_TYPE, REGISTRY, exposition


@dataclass(frozen=True, slots=True)
class Health:
    """The endpoints that machines ask."""

    database: Database
    bell: Bell | None

    async def live(self, _request: Request) -> Response:
        """200 as long as the event loop turns; asks nobody, so that a slow database kills no edge."""
        return JSONResponse({"status": "alive"})

    async def ready(self, _request: Request) -> Response:
        """200 when webhooks would be stored, else 503 with the reason. Redis is only reported."""
        problem, redis = await run_in_threadpool(self.check)
        answer = {"status": "not ready" if problem else "ready", "reason": problem, "redis": redis}
        return JSONResponse(answer, status_code=503 if problem else 200)

    async def metrics(self, _request: Request) -> Response:
        """Prometheus text; reads the fleet's gauges, so not on the event loop."""
        return Response(await run_in_threadpool(exposition, REGISTRY), media_type=CONTENT_TYPE)

    def check(self) -> tuple[str | None, str]:
        """Why the edge is not ready (None: it is), and whether Redis answers."""
        redis = "unset" if self.bell is None else "up" if self.bell.answers() else "away"
        try:
            with self.database.hat("ingress") as tx:
                missing = ready.missing_migrations(tx)
            refuse_powerful(self.database)
        except DatabaseAway:
            return "OUTRIDER_DATABASE_URL: Postgres does not answer.", redis
        except LoginRefused as error:
            return str(error), redis
        if missing:
            return f"The database lacks migration {missing[0]}: run `outrider migrate`.", redis
        return None, redis
