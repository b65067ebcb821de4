"""Table `crm_field_mappings`: which field is which, and who wins. One row per field of theirs."""

from collections.abc import Iterable
from uuid import UUID

from db.pool import Tx
from schemas.crm_fields import FieldMapping


def list_of(tx: Tx, connection_id: UUID) -> list[FieldMapping]:
    """Every row of a connection, by their field."""
    return tx.list(
        FieldMapping,
        """
        SELECT local_field, remote_field, transform, overwrite, clear_blank
          FROM outrider.crm_field_mappings WHERE connection_id = %(id)s ORDER BY remote_field
        """,
        {"id": connection_id},
    )


def put(tx: Tx, connection_id: UUID, mapping: FieldMapping) -> None:
    """Write a row, in the place of another one for the same field of theirs. Idempotent."""
    tx.run(
        """
        INSERT INTO outrider.crm_field_mappings AS m (
               connection_id, local_field, remote_field, transform, overwrite, clear_blank)
        VALUES (%(id)s, %(local_field)s, %(remote_field)s, %(transform)s,
                %(overwrite)s::outrider.crm_overwrite, %(clear_blank)s)
        ON CONFLICT (connection_id, remote_field) DO UPDATE
           SET local_field = excluded.local_field, transform = excluded.transform,
               overwrite = excluded.overwrite, clear_blank = excluded.clear_blank
        """,
        {"id": connection_id, **mapping.to_json()},
    )


def put_all(tx: Tx, connection_id: UUID, mappings: Iterable[FieldMapping]) -> None:
    """`put` for each."""
    for mapping in mappings:
        put(tx, connection_id, mapping)


def remove(tx: Tx, connection_id: UUID, remote_field: str) -> bool:
    """Stop writing a field of theirs; False when no row did."""
    return bool(
        tx.run(
            """
            DELETE FROM outrider.crm_field_mappings
             WHERE connection_id = %(id)s AND remote_field = %(field)s
            """,
            {"id": connection_id, "field": remote_field},
        )
    )
