"""What the customer's CRM gets to hear, and when."""

from datetime import timedelta

from pipelines.dsl import Pipeline, on
from schemas.events import ContactsCollected, ContactsLeft, LeadMoved, ListsChanged
from schemas.jobs import CollectContacts, UpsertContacts

# fmt: off
TELLING = Pipeline(
    "telling",
    on(LeadMoved,         then=CollectContacts, gather=timedelta(seconds=30)),
    on(ListsChanged,      then=CollectContacts, gather=timedelta(seconds=30)),
    on(ContactsCollected, then=UpsertContacts),
    on(ContactsLeft,      then=CollectContacts, gather=timedelta(seconds=30)),
)
# fmt: on
