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
    guard(7, "an event is known by its sender's id", Edit(
        "ingress/webhooks.py",
        """            event_id = webhooks.store(tx, source_id=door.source_id, external_id=name, body=body)""",
        """            name += trace_id
            event_id = webhooks.store(tx, source_id=door.source_id, external_id=name, body=body)""")),
    guard(7, "a story is told by its times", Edit(
        "db/timelines.py",
        """        ) entries ORDER BY at, rank, length(nth), nth""",
        """        ) entries ORDER BY what, at, rank""")),
    guard(7, "an enrollment's moves are part of the story", Edit(
        "sql:book_enrollment",
        """coalesce(old.status || ' → ', '')""",
        """coalesce('now ', '')""")),
    guard(24, "the source that a document names goes before the way it came", Edit(
        "db/captures.py",
        """        "source": lead.source or source,""",
        """        "source": source,""")),
    guard(24, "the first source stays", Edit(
        "db/captures.py",
        """               sources        = CASE WHEN""",
        """               source         = %(source)s,
               sources        = CASE WHEN""")),
    guard(24, "an address has no case", Edit(
        "sql:norm_email",
        """lower(btrim(p))""",
        """btrim(p)"""), Edit(
        "schemas/leads.py",
        """AfterValidator(normalize)] | None""",
        """AfterValidator(str)] | None""")),
)  # fmt: skip
