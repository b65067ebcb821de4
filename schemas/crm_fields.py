"""Our facts about a lead in a CRM's own fields, row by row. Pure; an error names the row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from schemas.base import Value
from schemas.enums import CrmOverwrite, LeadStatus, SuppressionReason
from schemas.errors import Permanent
from schemas.leads import fingerprint

Fact: TypeAlias = str | int | datetime | None
Kind: TypeAlias = type[str] | type[int] | type[datetime]


class BadMapping(Permanent):
    """A row of the field mapping that cannot work; the text names it and says what would."""


class FieldMapping(Value):
    """One row: our field, theirs, what happens on the way, and who wins."""

    local_field: str
    remote_field: str
    transform: str = "as_is"
    overwrite: CrmOverwrite = CrmOverwrite.ALWAYS
    clear_blank: bool = False

    def __str__(self) -> str:
        return f"{self.local_field} → {self.remote_field}"


# fmt: off
LOCAL: dict[str, Kind] = {
    "email": str, "first_name": str, "last_name": str, "full_name": str, "title": str, "phone": str,
    "linkedin_url": str, "company_name": str, "company_domain": str, "website": str, "country": str,
    "source": str, "status": str, "tier": str, "last_intent": str, "score": int,
    "captured_at": datetime,
}
"""Every fact that a mapping may name."""

HS_LEAD_STATUS: dict[LeadStatus, str] = {
    LeadStatus.NEW:              "NEW",
    LeadStatus.ENRICHED:         "NEW",
    LeadStatus.SCORED:           "NEW",
    LeadStatus.IN_SEQUENCE:      "OPEN",
    LeadStatus.CONTACTED:        "ATTEMPTED_TO_CONTACT",
    LeadStatus.REPLIED:          "CONNECTED",
    LeadStatus.QUALIFIED:        "IN_PROGRESS",
    LeadStatus.MEETING_BOOKED:   "IN_PROGRESS",
    LeadStatus.MEETING_ATTENDED: "IN_PROGRESS",
    LeadStatus.CONVERTED:        "OPEN_DEAL",
    LeadStatus.LOST:             "UNQUALIFIED",
    LeadStatus.UNSUBSCRIBED:     "UNQUALIFIED",
    LeadStatus.BOUNCED:          "UNQUALIFIED",
}
"""Our funnel in the options of HubSpot's own property; the exact word is in `outrider_status`."""

# Whoever wants to be left alone is so in the CRM too; a customer or a competitor is not that.
_SUPPRESSED: dict[SuppressionReason, LeadStatus | None] = {
    SuppressionReason.UNSUBSCRIBE: LeadStatus.UNSUBSCRIBED,
    SuppressionReason.COMPLAINT:   LeadStatus.UNSUBSCRIBED,
    SuppressionReason.LEGAL:       LeadStatus.UNSUBSCRIBED,
    SuppressionReason.MANUAL:      LeadStatus.UNSUBSCRIBED,
    SuppressionReason.ERASURE:     LeadStatus.UNSUBSCRIBED,
    SuppressionReason.IMPORT:      LeadStatus.UNSUBSCRIBED,
    SuppressionReason.BOUNCE:      LeadStatus.BOUNCED,
    SuppressionReason.CUSTOMER:    None,
    SuppressionReason.COMPETITOR:  None,
}

_IF_EMPTY = CrmOverwrite.IF_EMPTY
HUBSPOT: tuple[FieldMapping, ...] = (
    FieldMapping(local_field="email",        remote_field="email", transform="lower"),
    FieldMapping(local_field="first_name",   remote_field="firstname",  overwrite=_IF_EMPTY),
    FieldMapping(local_field="last_name",    remote_field="lastname",   overwrite=_IF_EMPTY),
    FieldMapping(local_field="title",        remote_field="jobtitle",   overwrite=_IF_EMPTY),
    FieldMapping(local_field="company_name", remote_field="company",    overwrite=_IF_EMPTY),
    FieldMapping(local_field="phone",        remote_field="phone",      overwrite=_IF_EMPTY),
    FieldMapping(local_field="website",      remote_field="website",    overwrite=_IF_EMPTY),
    FieldMapping(local_field="country",      remote_field="country",    overwrite=_IF_EMPTY),
    FieldMapping(local_field="status",       remote_field="hs_lead_status", transform="hs_lead_status"),
    FieldMapping(local_field="status",       remote_field="outrider_status"),
    FieldMapping(local_field="score",        remote_field="outrider_score"),
    FieldMapping(local_field="tier",         remote_field="outrider_tier"),
    FieldMapping(local_field="last_intent",  remote_field="outrider_last_intent"),
)
# fmt: on
"""What a new connection starts with: people's own entries stay, and what we concluded is kept current."""


@dataclass(frozen=True, slots=True)
class _Transform:
    takes: frozenset[Kind]
    apply: Callable[[Fact], str]


def _iso(moment: Fact) -> str:
    assert isinstance(moment, datetime)
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


_TEXT, _ANY = frozenset[Kind]({str}), frozenset[Kind]({str, int, datetime})

# fmt: off
TRANSFORMS: dict[str, _Transform] = {
    "as_is":          _Transform(frozenset({str, int}), str),
    "trim":           _Transform(_TEXT, lambda fact: " ".join(str(fact).split())),
    "lower":          _Transform(_TEXT, lambda fact: str(fact).strip().lower()),
    "upper":          _Transform(_TEXT, lambda fact: str(fact).strip().upper()),
    "bool":           _Transform(_ANY, lambda fact: "true" if fact else "false"),
    "iso_date":       _Transform(frozenset({datetime}), lambda fact: _iso(fact)[:10]),
    "iso_time":       _Transform(frozenset({datetime}), _iso),
    "hs_lead_status": _Transform(_TEXT, lambda fact: HS_LEAD_STATUS[LeadStatus(str(fact))]),
}
# fmt: on


def check(mapping: FieldMapping) -> None:
    """Raises BadMapping, with the row and what it may say instead; afterwards the row cannot fail."""
    kind, transform = LOCAL.get(mapping.local_field), TRANSFORMS.get(mapping.transform)
    if kind is None:
        raise BadMapping(f"{mapping}: local_field is none of {', '.join(LOCAL)}.")
    if transform is None:
        raise BadMapping(f"{mapping}: transform is none of {', '.join(TRANSFORMS)}.")
    if kind not in transform.takes or (
        mapping.transform == "hs_lead_status" and mapping.local_field != "status"
    ):
        raise BadMapping(f"{mapping}: {mapping.transform} cannot be made of {mapping.local_field}.")
    if not mapping.remote_field.strip():
        raise BadMapping(f"{mapping}: remote_field is empty; name the CRM's field.")


def status_now(status: LeadStatus, suppressed: SuppressionReason | None) -> LeadStatus:
    """Where a lead is for the CRM: a suppression that is a wish, or a bounce, wins."""
    return (_SUPPRESSED[suppressed] if suppressed else None) or status


def say(facts: Mapping[str, Fact], mappings: Sequence[FieldMapping]) -> dict[str, str]:
    """All that we have to say about a lead, whoever wins over there; "" clears a field.

    Raises BadMapping for a row that `check` would refuse.
    """
    said: dict[str, str] = {}
    for mapping in mappings:
        check(mapping)
        fact = facts.get(mapping.local_field)
        blank = fact in {None, ""} and mapping.transform != "bool"
        text = "" if blank else TRANSFORMS[mapping.transform].apply(fact)
        if text or mapping.clear_blank:
            said[mapping.remote_field] = text
    return said


def properties(
    facts: Mapping[str, Fact], mappings: Sequence[FieldMapping], remote: Mapping[str, str]
) -> dict[str, str]:
    """What is sent of our facts to a contact that holds `remote` now; {} is a contact to be."""
    return choose(say(facts, mappings), mappings, remote)


def choose(
    said: Mapping[str, str], mappings: Sequence[FieldMapping], remote: Mapping[str, str]
) -> dict[str, str]:
    """What is sent of `said`: an `if_empty` field only when we have a value and they have none."""
    careful = only_if_empty(mappings)
    return {
        field: text
        for field, text in said.items()
        if field not in careful or (text and not remote.get(field))
    }


def only_if_empty(mappings: Sequence[FieldMapping]) -> frozenset[str]:
    """Their fields that we fill and never change."""
    return frozenset(m.remote_field for m in mappings if m.overwrite is CrmOverwrite.IF_EMPTY)


def hash_of(email: str, said: Mapping[str, str]) -> str:
    """Equal for what says the same of the same address; the same again need not be sent."""
    return fingerprint([email, dict(said)])
