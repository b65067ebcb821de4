"""What is kept for a while and then forgotten, and for how long unless a tenant says otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """`days` of business time, None: for ever. `house`: the house's own rows are meant as well."""

    what: str
    days: int | None
    words: str
    house: bool = False


POLICIES = {
    policy.what: policy
    for policy in (
        Policy("raw_mails", 180, "mails as they came in, byte for byte; what was understood stays"),
        Policy("webhook_bodies", 90, "what forms and other systems posted, as it came"),
        Policy("message_bodies", 730, "subjects and texts of mails, once their sequence is over"),
        Policy("import_rows", 90, "rows of files that could not be taken"),
        Policy("activities", 395, "the story of a lead, where no other table tells it"),
        Policy("crm_log", 395, "what a CRM was told; the newest line of each contact stays"),
        Policy("audit", 730, "who did what and why", house=True),
    )
}
"""By name. Never forgotten by age: suppressions, the ledger of calls, open dead letters."""
