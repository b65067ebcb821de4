"""Whether the database answers and is as new as this code."""

from db.migrate import migrations
from db.pool import Tx


def missing_migrations(tx: Tx) -> list[str]:
    """Names of migrations that this version has and the database does not, in order."""
    names = [migration.name for migration in migrations()]
    rows = tx.conn.execute("SELECT name FROM outrider.applied_migrations()").fetchall()
    applied = {str(name) for (name,) in rows}
    return [name for name in names if name not in applied]
