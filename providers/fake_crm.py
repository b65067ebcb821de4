"""A CRM in memory. Refuses to touch the network."""

from collections.abc import Callable, Sequence

from providers.ports import CrmAccount
from schemas.contacts import Contact, Outcome
from schemas.crm_fields import HUBSPOT
from schemas.errors import JobError


class FakeCrm:
    """A `Crm` that keeps contacts by address; `fail` may name an error for a call."""

    def __init__(self, fail: Callable[[Sequence[Contact]], JobError | None] | None = None) -> None:
        self.fail = fail
        self.contacts: dict[str, dict[str, str]] = {}
        self.calls: list[tuple[Contact, ...]] = []

    def upsert(self, account: CrmAccount, contacts: Sequence[Contact]) -> list[Outcome]:
        """Merge the properties by address; every contact works."""
        del account
        self.calls.append(tuple(contacts))
        error = self.fail(contacts) if self.fail else None
        if error:
            raise error
        return [self._upsert(contact) for contact in contacts]

    def _upsert(self, contact: Contact) -> Outcome:
        known = contact.email in self.contacts
        self.contacts.setdefault(contact.email, {}).update(contact.properties)
        number = list(self.contacts).index(contact.email) + 1
        state = "updated" if known else "created"
        return Outcome(key=contact.key, state=state, remote_id=str(number))

    def read(
        self, account: CrmAccount, emails: Sequence[str], fields: Sequence[str]
    ) -> list[Contact]:
        """What was upserted before."""
        del account
        return [
            Contact(key=email, email=email, properties={
                name: value for name, value in self.contacts[email].items() if name in fields})
            for email in emails if email in self.contacts
        ]  # fmt: skip

    def fields(self, account: CrmAccount) -> frozenset[str]:
        """Every field that a contact has had, and the usual ones."""
        del account
        usual = {row.remote_field for row in HUBSPOT}
        return frozenset(usual.union(*(known for known in self.contacts.values())))
