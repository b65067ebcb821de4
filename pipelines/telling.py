"""What the customer's CRM gets to hear, and when; and what other accounts are asked."""

from datetime import timedelta

from pipelines.dsl import Pipeline, on
from schemas.events import (
    ContactsCollected,
    ContactsLeft,
    IntegrationDue,
    LeadMoved,
    ListsChanged,
)
from schemas.jobs import CheckIntegration, CollectContacts, UpsertContacts

# fmt: off
TELLING = Pipeline(
    "telling",
    on(LeadMoved,         then=CollectContacts, gather=timedelta(seconds=30)),
    on(ListsChanged,      then=CollectContacts, gather=timedelta(seconds=30)),
    on(ContactsCollected, then=UpsertContacts),
    on(ContactsLeft,      then=CollectContacts, gather=timedelta(seconds=30)),
    on(IntegrationDue,    then=CheckIntegration),
)
# fmt: on
