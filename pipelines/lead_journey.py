"""From a captured lead to a score, top to bottom."""

from pipelines.dsl import Pipeline, on
from schemas.events import LeadCaptured, LeadEnriched
from schemas.jobs import EnrichLead, ScoreLead

# fmt: off
LEAD_JOURNEY = Pipeline(
    "lead_journey",
    on(LeadCaptured,  then=EnrichLead),
    on(LeadEnriched,  then=ScoreLead),
)
# fmt: on
