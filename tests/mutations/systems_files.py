"""What makes the working rows about files true, and how to take it away."""

from tests.mutations.guards import Guard, guard
from tests.mutations.trial import Edit

FILES: tuple[Guard, ...] = (
    guard(21, "a wrong row keeps its reason", Edit(
        "schemas/imports.py",
        """reason="; ".join(f"{field} {message}" for field, message in wrong),""",
        """reason="is wrong",""")),
    guard(21, "a file whose rows were mended is taken from its first line again", Edit(
        "db/imports.py",
        """               rejected = c.failed, pending = c.pending, taken_to = 0,""",
        """               rejected = c.failed, pending = c.pending,""")),
    guard(21, "a customer is on the list", Edit(
        "db/import_suppressions.py",
        """    suppressions.add_all(tx, values, reason, "import")""",
        """    pass""")),
    guard(33, "an address has no case", Edit(
        "sql:norm_email",
        """lower(btrim(p))""",
        """btrim(p)""")),
    guard(33, "who has no known address is looked for by profile", Edit(
        "db/import_leads.py",
        """    met = _list_met(tx, BY_PROFILE, [row.linkedin for row in asked if row.linkedin])""",
        """    met = list[_Met]()""")),
    guard(33, "new leads end where the plan has no room", Edit(
        "db/import_leads.py",
        """    fits = rows if room is None else rows[: max(0, room)]""",
        """    fits = rows""")),
    guard(33, "the first of the file are the ones who fit", Edit(
        "db/import_leads.py",
        """    tight = room is not None and room < len(given)""",
        """    tight = False""")),
    guard(33, "a row that was left is kept as it was", Edit(
        "db/import_rows.py",
        """        UPDATE outrider.import_rows SET status = %(status)s::outrider.row_status, field = %(field)s, reason = %(reason)s
""",
        """        UPDATE outrider.import_rows SET status = %(status)s::outrider.row_status, field = %(field)s, reason = %(reason)s, raw = ''
""")),
    guard(24, "a file's own source goes before the file's name", Edit(
        "db/import_words.py",
        """coalesce(source, %(source)s), array[""",
        """%(source)s, array[""")),
)  # fmt: skip
