"""`POST /imports/{source}`: a file of people, staged whole and taken by a job. Refuses unsigned bytes.

The body goes to a nameless file on disk while its signature is reckoned; nothing reaches the
database before both are right. `GET /imports/{source}/{id}` says how far it is.
"""

import asyncio
import functools
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import BinaryIO
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db import imports
from db.imports import Import
from db.webhooks import Door
from ingress import signatures
from ingress.doors import Doors
from ingress.intake import Staged, stage
from ingress.problems import Problem, unavailable
from ingress.signatures import Running
from pipelines.engine import emit
from schemas.enums import ImportKind
from schemas.errors import Busy, NoSuchRow, Permanent
from schemas.events import ImportStaged
from schemas.imports import WANTED
from schemas.lead_files import reading

_AT_ONCE = 4
"""Files that arrive at the same time; more are told to come back."""
_PATIENCE = 10.0  # seconds for the next bytes to arrive


@dataclass(slots=True)
class Imports:
    """The two endpoints; everything that asks Postgres runs on a thread of the pool."""

    doors: Doors
    arriving: int = field(default=0, init=False)

    async def post(self, request: Request) -> Response:
        """202 once every row is kept, and its job queued, in one transaction; else a Problem, and nothing is."""
        with tempfile.TemporaryFile() as spool:
            async with self._place():
                door, slug = await self._receive(request, spool)
                trace_id: str = request.state.trace_id
                work = functools.partial(self._stage, door, slug, spool, trace_id)
                staged, columns = await run_in_threadpool(work)
        request.state.facts.update(import_id=str(staged.file.id), duplicate=staged.known)
        answer = {**_counts(staged.file), "duplicate": staged.known, "columns": columns,
                  "trace_id": trace_id}  # fmt: skip
        return JSONResponse(answer, status_code=202)

    async def show(self, request: Request) -> Response:
        """How far an import of this source is; 404 for one of somebody else."""
        slug: str = request.path_params["source"]
        door, check = await run_in_threadpool(self.doors.stand_at, slug, request.headers)
        if not check.is_genuine() or door is None:
            raise signatures.refused()
        import_id: UUID = request.path_params["import_id"]
        return JSONResponse(await run_in_threadpool(self._find, door, slug, import_id))

    @asynccontextmanager
    async def _place(self) -> AsyncGenerator[None]:
        if self.arriving >= _AT_ONCE:
            raise unavailable(
                f"{_AT_ONCE} files are arriving already. Nothing was stored; send it again."
            )
        self.arriving += 1
        try:
            yield
        finally:
            self.arriving -= 1

    async def _receive(self, request: Request, spool: BinaryIO) -> tuple[Door, str]:
        """Whose file this is, once all of it is on disk and its signature is right. Raises Problem."""
        slug: str = request.path_params["source"]
        door, check = await run_in_threadpool(self.doors.stand_at, slug, request.headers)
        await self._spool(request, spool, check)
        if not check.is_genuine() or door is None:
            raise signatures.refused()
        request.state.facts["source"] = slug
        return door, slug

    async def _spool(self, request: Request, spool: BinaryIO, check: Running) -> None:
        size, pieces = 0, request.stream()
        try:
            while True:
                async with asyncio.timeout(_PATIENCE):
                    piece = await anext(pieces, None)
                if piece is None:
                    return
                size += len(piece)
                if size > self.doors.at_most:
                    raise Problem(
                        413,
                        "too-large",
                        f"A file may have at most {self.doors.at_most:,} bytes; split it.",
                    )
                check.feed(piece)
                spool.write(piece)
        except TimeoutError:
            raise Problem(408, "too-slow", f"No bytes came for {_PATIENCE:.0f} s.") from None

    def _stage(
        self, door: Door, slug: str, spool: BinaryIO, trace_id: str
    ) -> tuple[Staged, dict[str, str | None]]:
        try:
            with (
                reading(spool, None, WANTED[ImportKind.LEADS]) as file,
                self.doors.database.tenant(door.tenant_id, trace_id=trace_id) as tx,
            ):
                staged = stage(tx, file, kind=ImportKind.LEADS, filename=slug, operator=f"key {slug}",
                               by_job=True)  # fmt: skip
                emit(tx, ImportStaged(import_id=staged.file.id), key=str(staged.file.id))
        except Permanent as error:
            raise Problem(422, "not-a-file-of-leads", str(error)) from None
        except Busy as error:
            raise unavailable(str(error)) from None
        return staged, {column.name: column.field for column in file.columns}

    def _find(self, door: Door, slug: str, import_id: UUID) -> dict[str, object]:
        try:
            with self.doors.database.tenant(door.tenant_id) as tx:
                found = imports.get(tx, import_id)
        except NoSuchRow:
            found = None
        if found is None or found.filename != slug:
            raise Problem(404, "not-found", "This source posted no such import.")
        return _counts(found)


def _counts(file: Import) -> dict[str, object]:
    return {
        "id": str(file.id), "total": file.total, "imported": file.imported, "updated": file.updated,
        "skipped": file.skipped, "failed": file.failed, "pending": file.pending,
    }  # fmt: skip
