"""What a row of a file comes to: a document that can be stored, or the field that is wrong and why."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints, ValidationError

from schemas.base import Value
from schemas.enums import ImportKind, SuppressionKind
from schemas.lead_columns import NAMELESS, PEOPLE, Wanted
from schemas.lead_files import Row
from schemas.leads import LeadIn, domain_of
from schemas.refusals import refusals
from schemas.suppressions import read, refuse_everybody, whole_domain

WANTED: dict[ImportKind, Wanted] = {
    ImportKind.LEADS: PEOPLE,
    ImportKind.CUSTOMERS: NAMELESS,
    ImportKind.SUPPRESSIONS: NAMELESS,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A row that was read: `document` is JSON text when it is right, else `field` and `reason` say why not."""

    line: int
    raw: str
    document: str | None = None
    field: str | None = None
    reason: str | None = None


def _value(text: str) -> str:
    """An address; a domain where there is no @, or nothing before it that names a mailbox."""
    if "@" in text and whole_domain(text) is None:
        return read(text, SuppressionKind.EMAIL)[1]
    try:
        domain = domain_of(whole_domain(text) or text)
    except ValueError:
        raise ValueError("is neither an address nor a domain") from None
    refuse_everybody((SuppressionKind.DOMAIN, domain))
    return domain


class _Unwanted(Value):
    """Whom a row of customers or suppressions names: by address, else by domain."""

    value: Annotated[
        str,
        BeforeValidator(lambda text: text.strip() if isinstance(text, str) else text),
        StringConstraints(max_length=300),
        AfterValidator(_value),
    ]


def judge(row: Row, kind: ImportKind) -> Judged:
    """What a row says, in the one spelling we store; never raises."""
    raw = row.raw.replace("\0", "\ufffd")  # the one character that Postgres has no place for
    if row.problem:
        return Judged(row.line, raw, field="(row)", reason=row.problem)
    said = _said(row.document)
    try:
        if kind is ImportKind.LEADS:
            lead = LeadIn.model_validate(row.document)
            return Judged(row.line, raw, lead.model_dump_json(exclude_defaults=True))
        value = {"value": row.document[said]} if said in row.document else {}
        return Judged(row.line, raw, _Unwanted.model_validate(value).model_dump_json())
    except ValidationError as error:
        wrong = [(said if field == "value" else field, why) for field, why in refusals(error)]
    return Judged(
        row.line, raw, field=wrong[0][0],
        reason="; ".join(f"{field} {message}" for field, message in wrong),
    )  # fmt: skip


def _said(document: dict[str, object]) -> str:
    """Which field says whom a row of customers or suppressions names."""
    return next((name for name in NAMELESS.fields if name in document), NAMELESS.reach[0])
