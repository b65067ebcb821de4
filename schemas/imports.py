"""What a row of a file comes to: a document that can be stored, or the field that is wrong and why."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints, ValidationError

from schemas.addresses import normalize
from schemas.base import Value
from schemas.enums import ImportKind
from schemas.lead_columns import NAMELESS, PEOPLE, Wanted
from schemas.lead_files import Row
from schemas.leads import LeadIn, domain_of
from schemas.refusals import refusals

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
    """An address, or a domain where there is no @."""
    return normalize(text) if "@" in text else domain_of(text)


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
    try:
        if kind is ImportKind.LEADS:
            lead = LeadIn.model_validate(row.document)
            return Judged(row.line, raw, lead.model_dump_json(exclude_defaults=True))
        return Judged(row.line, raw, _unwanted(row.document).model_dump_json())
    except ValidationError as error:
        wrong = list(refusals(error))
    return Judged(
        row.line, raw, field=wrong[0][0],
        reason="; ".join(f"{field} {message}" for field, message in wrong),
    )  # fmt: skip


def _unwanted(document: dict[str, object]) -> _Unwanted:
    said = next((document[name] for name in NAMELESS.fields if name in document), None)
    return _Unwanted.model_validate({"value": said} if said is not None else {})
