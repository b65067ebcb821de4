"""What a source may say about a person. Refuses what Postgres cannot hold or nobody would read."""

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Protocol, cast
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    StringConstraints,
    model_validator,
)

from schemas.addresses import ascii_domain, normalize
from schemas.base import Value
from schemas.zones import is_zone

_BARE_HOST = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?([/?#]|$)")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(/[\w.~/%-]*)?", re.ASCII)
"""Nearly every address of a web site, found right in a tenth of the time that taking it apart needs."""
_SURROGATE = re.compile("[\ud800-\udfff]")
MOST_ATTRIBUTES = 100
"""More than the exporters of the field have columns."""
LARGEST_INTEGER = 2**53  # beyond it, JSON readers disagree

Scalar = str | int | float | bool | None


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("contains a NUL character; remove it")
    if text.isascii():  # is in every normal form, and has no surrogates
        return text.strip()
    if _SURROGATE.search(text):
        raise ValueError("contains half of a surrogate pair; send valid Unicode")
    return unicodedata.normalize("NFC", text).strip()


def _line(value: object) -> object:
    """One trimmed line; an empty one counts as absent. Other types are left for pydantic to name."""
    if not isinstance(value, str):
        return value
    return " ".join(_storable(value).split()) or None


_NOWHERE = object()
"""Stands for the address of somebody whom the document gives no way to reach."""


def _address(value: object) -> object:
    if value is _NOWHERE:
        raise ValueError("is required; send the person's e-mail address, or at least linkedin_url")
    return _line(value)


def _scalar(value: object) -> Scalar:
    if isinstance(value, str):
        text = _storable(value)
        if len(text) > 1000:
            raise ValueError(f"has {len(text)} characters; at most 1000 are kept")
        return text
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("is not a finite number")
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise ValueError("is larger than 2^53; send it as text")
    if value is None or isinstance(value, int | float):
        return value
    raise ValueError("must be text, a number, true, false or null")


def _url(text: str) -> str:
    """An http(s) URL; a bare host gets `https://`, since that is how people write web sites."""
    if _PLAIN_URL.fullmatch(text):
        return text
    url = f"https://{text}" if "://" not in text and _BARE_HOST.match(text) else text
    try:
        parts = urlsplit(url)
        _ = parts.port  # parsed, and refused, only when it is read
    except ValueError as error:
        raise ValueError(f"is not a web address: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in url:
        raise ValueError("must be a web address that starts with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not carry a user name or a password")
    return url


def domain_of(text: str) -> str:
    """The host of a web address or of a bare name, in ASCII and without `www.`; ValueError for others."""
    host = urlsplit(_url(text)).hostname or ""
    return ascii_domain(host.removeprefix("www."))


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(
            "is not a time zone of the IANA database; send a name like Europe/Berlin, or nothing"
        )
    return name


def _country(text: str) -> str:
    return text.upper() if len(text) == 2 else text


_Name = Annotated[Annotated[str, StringConstraints(max_length=200)] | None, BeforeValidator(_line)]
_Short = Annotated[Annotated[str, StringConstraints(max_length=64)] | None, BeforeValidator(_line)]
_Url = Annotated[
    Annotated[str, StringConstraints(max_length=2000), AfterValidator(_url)] | None,
    BeforeValidator(_line),
]
_Domain = Annotated[
    Annotated[str, StringConstraints(max_length=300), AfterValidator(domain_of)] | None,
    BeforeValidator(_line),
]
_Key = Annotated[str, AfterValidator(_storable), StringConstraints(min_length=1, max_length=100)]


class Person(Protocol):
    """What a person is known by: a `LeadIn` and a stored row both fit."""

    @property
    def email(self) -> str | None: ...
    @property
    def first_name(self) -> str | None: ...
    @property
    def last_name(self) -> str | None: ...
    @property
    def full_name(self) -> str | None: ...
    @property
    def title(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def linkedin_url(self) -> str | None: ...
    @property
    def company_name(self) -> str | None: ...
    @property
    def company_domain(self) -> str | None: ...
    @property
    def website(self) -> str | None: ...
    @property
    def country(self) -> str | None: ...


class LeadIn(Value):
    """A person as a source describes them; an empty text is the same as no text."""

    email: Annotated[
        Annotated[str, StringConstraints(max_length=254), AfterValidator(normalize)] | None,
        BeforeValidator(_address),
    ] = None
    first_name: _Name = None
    last_name: _Name = None
    full_name: _Name = None
    title: _Name = None
    phone: _Short = None
    linkedin_url: _Url = None
    company_name: _Name = None
    company_domain: _Domain = None
    website: _Url = None
    country: Annotated[_Short, AfterValidator(lambda text: text and _country(text))] = None
    locale: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")]
        | None,
        BeforeValidator(_line),
    ] = None
    timezone: Annotated[_Short, AfterValidator(lambda name: name and _zone(name))] = None
    source: _Short = None
    attributes: dict[_Key, Annotated[Scalar, PlainValidator(_scalar)]] = Field(
        default_factory=dict, max_length=MOST_ATTRIBUTES
    )

    @model_validator(mode="before")
    @classmethod
    def _is_somewhere(cls, document: object) -> object:
        """An address or a profile: the complaint about neither is the address's."""
        if not isinstance(document, Mapping):
            return document
        said = cast("Mapping[str, object]", document)
        known = [said.get("email"), said.get("linkedin_url")]
        if any(one.strip() if isinstance(one, str) else one is not None for one in known):
            return said
        return {**said, "email": _NOWHERE}

    def fingerprint(self) -> str:
        """SHA-256 of the content: equal for equal people, whatever the order of the fields."""
        return fingerprint(self.to_json())


def fingerprint(content: object) -> str:
    """SHA-256 in hex of JSON-able content, independent of the order of keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
