"""Every module whose import registers actors; a new one is one more name here."""

from workers import (
    campaigns,
    crm,
    enrichment,
    enrollments,
    house,
    imports,
    integrations,
    mailboxes,
    replies,
    scoring,
    sequencing,
    suggestions,
    usage,
)

ACTORS = (
    enrichment,
    scoring,
    campaigns,
    sequencing,
    enrollments,
    mailboxes,
    replies,
    suggestions,
    crm,
    integrations,
    imports,
    usage,
    house,
)
