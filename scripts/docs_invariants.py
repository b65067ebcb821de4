"""The page of invariants, drawn from the queries that check them."""

from db.invariants import INVARIANTS
from db.invariants_words import WORDS

_HEAD = """# Invariants

What must always be true. `outrider doctor` asks Postgres for every violation and names its subject; so do the schedule
`invariants` and the end of every test that has a database. Drawn from `db/invariants*.py` by `make docs`.

| name | what must be true |
|---|---|
"""


def page() -> str:
    """Every invariant by name with its sentence, in the order of the checks."""
    return _HEAD + "".join(f"| `{name}` | {WORDS[name]} |\n" for name in INVARIANTS)
