"""All SQL, and the only door to Postgres: literals in small typed functions, one module per noun."""

from db.pool import Database, Tx

__all__ = ["Database", "Tx"]
