"""What follows when a tenant comes near the end of its plan."""

from pipelines.dsl import Pipeline, on
from schemas.events import UsageWarned
from schemas.jobs import WarnUsage

METERING = Pipeline("metering", on(UsageWarned, then=WarnUsage))
