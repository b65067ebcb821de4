"""Taking a staged file to its end in this process, slice by slice, as a worker would."""

import time
from collections.abc import Callable
from uuid import UUID

from db import Database, import_slices, imports
from db.imports import Import
from pipelines.engine import emit_all
from schemas.errors import Transient
from workers.imports import facts

_PATIENCE = 5
"""Slices in a row that may fail for a reason that passes."""


def take_all(
    database: Database, tenant_id: UUID, import_id: UUID, progress: Callable[[int], None]
) -> Import:
    """Take what is left of an import; returns it as it is then. Idempotent, and safe beside others.

    `progress` hears the number of rows that are left. Raises Transient when the database does not
    come back.
    """
    failed = 0
    while True:
        try:
            part = _take(database, tenant_id, import_id)
        except Transient:
            failed += 1
            if failed == _PATIENCE:
                raise
            time.sleep(0.5 * failed)
            continue
        failed = 0
        progress(part.left)
        if not part.left or not part.taken:
            break
    with database.tenant(tenant_id) as tx:
        return imports.get(tx, import_id)


def _take(database: Database, tenant_id: UUID, import_id: UUID) -> import_slices.Slice:
    with database.tenant(tenant_id) as tx:
        part = import_slices.take(tx, import_id)
        emit_all(tx, facts(part))
    return part
