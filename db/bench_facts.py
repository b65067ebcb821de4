"""What Postgres says of itself while it is measured. Never used by the fleet."""

from db.pool import Connection


def server(conn: Connection) -> dict[str, str]:
    """The version, and the settings on which a figure of durable work depends."""
    rows = conn.execute(
        """
        SELECT name, setting FROM pg_settings
         WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes',
                        'shared_buffers', 'max_connections', 'ssl')
         ORDER BY name
        """
    ).fetchall()
    return {str(name): str(setting) for name, setting in rows}


def backend(conn: Connection) -> int:
    """The process that serves this connection."""
    row = conn.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(str(row[0]))


def transactions(conn: Connection) -> int:
    """Transactions of this database since it was made, as far as its sessions have reported them."""
    row = conn.execute(
        """
        SELECT xact_commit + xact_rollback FROM pg_stat_database
         WHERE datname = current_database()
        """
    ).fetchone()
    return int(str(row[0])) if row else 0
