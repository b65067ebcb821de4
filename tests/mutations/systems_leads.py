"""What makes the working rows about leads, who may be written to, and files true, and how to take it away."""

from tests.mutations.guards import Guard, guard
from tests.mutations.trial import Edit

LEADS: tuple[Guard, ...] = (
    guard(3, "a lead moves only where its table has a way", Edit(
        "db/leads.py",
        """    movers = [lead for lead in leads.values() if may_move(lead.status, to)]""",
        """    movers = list(leads.values())"""), Edit(
        "ddl", "", "DROP TRIGGER leads_keep_moves ON outrider.leads")),
    guard(3, "a move that is refused is told", Edit(
        "db/leads.py",
        """            _refuse(tx, lead, to, cause=cause)""",
        """            pass""")),
    guard(5, "a claim asks the gate, under the enrollment's lock", Edit(
        "workers/sending.py",
        """    if bars := suppressions.barred_by(tx, lead):""",
        """    if bars := list[Bar]():""")),
    guard(5, "nobody who is suppressed is written to", Edit(
        "workers/sending.py",
        """    if bars := suppressions.barred_by(tx, lead):""",
        """    if bars := list[Bar]():"""), Edit(
        "sql:keep_the_gate",
        """  if barred is not null then""",
        """  if false then""")),
)  # fmt: skip
