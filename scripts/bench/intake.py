"""A process that imports one file and says what it took: seconds, and its own peak of memory."""

import json
import resource
import sys
import time
from pathlib import Path
from uuid import UUID

from db import Database
from ingress.intake import stage
from schemas.enums import ImportKind
from schemas.lead_files import reading
from schemas.settings import load
from scripts.taking import take_all
from telemetry import logs


def main(path: Path, tenant_id: UUID) -> int:
    """Stage the file and take it to its end, as `outrider import leads` does."""
    settings = load()
    logs.configure("json", "warning")
    assert settings.database_url
    database = Database(settings.database_url.get_secret_value(), max_size=4, name="outrider bench")
    database.open()
    started = time.perf_counter()
    with path.open("rb") as handle, reading(handle) as file, database.tenant(tenant_id) as tx:
        staged = stage(tx, file, kind=ImportKind.LEADS, filename=path.name, operator="bench")
    read = time.perf_counter()
    done = take_all(database, tenant_id, staged.file.id, lambda _left: None)
    taken = time.perf_counter()
    database.close()
    print(json.dumps({
        "total": done.total, "imported": done.imported, "updated": done.updated,
        "skipped": done.skipped, "failed": done.failed,
        "read_seconds": read - started, "take_seconds": taken - read, "peak_mib": _peak_mib(),
    }))  # fmt: skip
    return 0


def _peak_mib() -> float:
    """The most memory that this process ever had; where there is no /proc, its parent's may be the larger."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), UUID(sys.argv[2])))
