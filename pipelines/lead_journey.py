"""From a captured lead to the last mail of a sequence, top to bottom."""

from datetime import timedelta

from pipelines.dsl import Pipeline, on
from schemas.events import (
    CampaignFull,
    CampaignOpened,
    EnrollmentPaused,
    LeadCaptured,
    LeadEnriched,
    LeadScored,
    StepScheduled,
)
from schemas.jobs import EnrichLead, FillCampaigns, ResumeEnrollment, ScoreLead, SendStep

# fmt: off
LEAD_JOURNEY = Pipeline(
    "lead_journey",
    on(LeadCaptured,     then=EnrichLead),
    on(LeadEnriched,     then=ScoreLead),
    on(LeadScored,       then=FillCampaigns,    gather=timedelta(seconds=5)),
    on(CampaignOpened,   then=FillCampaigns),
    on(CampaignFull,     then=FillCampaigns,    until="due_at"),
    on(StepScheduled,    then=SendStep,         until="due_at"),
    on(EnrollmentPaused, then=ResumeEnrollment, until="due_at", newest_per="enrollment_id"),
)
# fmt: on
