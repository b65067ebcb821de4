"""Mail and address records of a domain. Refuses to mistake a sick resolver for a missing record."""

from collections.abc import Iterator
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

from schemas.enrichments import DomainFacts, Operator, Policy
from schemas.errors import Transient

POLICIES: tuple[Policy, ...] = ("none", "quarantine", "reject")
LIFETIME = 5.0  # seconds for one question, its repetitions included
# Who runs a mailbox, by the end of its MX name; a gateway in front (Proofpoint, …) counts as itself.
OPERATORS: tuple[tuple[str, Operator], ...] = (
    ("google.com", "google"), ("googlemail.com", "google"), ("smtp.goog", "google"),
    ("outlook.com", "microsoft"), ("office365.us", "microsoft"), ("mx.microsoft", "microsoft"),
    ("pphosted.com", "proofpoint"), ("ppe-hosted.com", "proofpoint"), ("gpphosted.com", "proofpoint"),
    ("mimecast.com", "mimecast"), ("mimecast.co.za", "mimecast"), ("barracudanetworks.com", "barracuda"),
    ("iphmx.com", "cisco"), ("zoho.com", "zoho"), ("zoho.eu", "zoho"), ("zoho.in", "zoho"),
    ("messagingengine.com", "fastmail"), ("protonmail.ch", "proton"), ("amazonaws.com", "amazon"),
    ("awsapps.com", "amazon"), ("icloud.com", "apple"), ("yahoodns.net", "yahoo"), ("ovh.net", "ovh"),
    ("ovh.ca", "ovh"), ("kundenserver.de", "ionos"), ("ionos.com", "ionos"), ("1and1.com", "ionos"),
    ("gandi.net", "gandi"), ("yandex.net", "yandex"), ("yandex.ru", "yandex"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dns:
    """A resolver; safe to share between threads."""

    resolver: dns.resolver.Resolver
    lifetime: float = LIFETIME

    def mail(self, domain: str) -> DomainFacts:
        """MX (RFC 5321, RFC 7505), SPF (RFC 7208), DMARC (RFC 7489) of a domain in ASCII.

        No such name and no such record are facts. Raises Transient when the resolver is silent or sick.
        """
        hosts = self.exchanges(domain)
        null_mx = hosts == ("",)
        spf, dmarc = (), ()
        if hosts is not None:
            spf = tuple(t for t in self.texts(domain) if t.lower().split(" ")[0] == "v=spf1")
            dmarc = tuple(t for t in self.texts(f"_dmarc.{domain}") if t.startswith("v=DMARC1"))
        has_mx = bool(hosts) and not null_mx
        return DomainFacts(
            domain=domain,
            has_mx=has_mx,
            null_mx=null_mx,
            resolves=hosts is not None and any(self._addresses(domain)),
            mail_operator=operator(hosts) if hosts and has_mx else None,
            spf=len(spf) == 1,
            dmarc=policy(dmarc[0]) if len(dmarc) == 1 else None,
        )

    def exchanges(self, domain: str) -> tuple[str, ...] | None:
        """MX hosts, most preferred first; `("",)` is a null MX; None: the name does not exist."""
        answer = self._ask(domain, dns.rdatatype.MX)
        if answer is None:
            return None
        found = sorted((r.preference, _host(r.exchange)) for r in answer if isinstance(r, MX))
        return tuple(host for _, host in found)

    def texts(self, domain: str) -> tuple[str, ...]:
        """TXT records, each joined to one string; none when there is no such name."""
        answer = self._ask(domain, dns.rdatatype.TXT) or []
        return tuple(
            b"".join(r.strings).decode("utf-8", "replace") for r in answer if isinstance(r, TXT)
        )

    def addresses(self, domain: str) -> tuple[str, ...]:
        """IPv4 then IPv6 addresses; none when there is no such name."""
        return tuple(self._addresses(domain))

    def _addresses(self, domain: str) -> Iterator[str]:
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            for record in self._ask(domain, kind) or []:
                if isinstance(record, A | AAAA):
                    yield record.address

    def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> list[object] | None:
        """Records of one kind; empty when there are none of this kind, None when no such name."""
        try:
            return list(self.resolver.resolve(name, kind, lifetime=self.lifetime))
        except (
            dns.resolver.NXDOMAIN,
            dns.name.NameTooLong,
            dns.name.LabelTooLong,
            dns.name.EmptyLabel,
        ):
            return None
        except dns.resolver.NoAnswer:
            return []
        except (dns.exception.DNSException, OSError) as error:
            kinds = dns.rdatatype.to_text(kind)
            raise Transient(
                f"The resolver gave no usable answer for {kinds} of {name} ({type(error).__name__}); "
                "check OUTRIDER_DNS_SERVER."
            ) from error


def system(server: str | None = None, lifetime: float = LIFETIME) -> Dns:
    """A resolver at `host:port` (host: an IP address), or the machine's own; seconds per question.

    Raises ValueError naming the setting for anything else.
    """
    if server is None:
        try:
            return Dns(dns.resolver.Resolver(), lifetime)
        except dns.resolver.NoResolverConfiguration:
            raise ValueError(
                "This machine names no resolver; set OUTRIDER_DNS_SERVER to host:port."
            ) from None
    host, _, port = server.rpartition(":")
    resolver = dns.resolver.Resolver(configure=False)
    try:
        resolver.nameservers = [host.strip("[]")]
        resolver.port = int(port)
    except ValueError:
        raise ValueError(
            f"OUTRIDER_DNS_SERVER is {server!r}; it must be an IP address and a port, like 127.0.0.1:53."
        ) from None
    return Dns(resolver, lifetime)


def operator(hosts: tuple[str, ...]) -> Operator:
    """Who runs the most preferred exchange that we know; `other` when we know none."""
    for host in hosts:
        for suffix, name in OPERATORS:
            if host == suffix or host.endswith(f".{suffix}"):
                return name
    return "other"


def policy(record: str) -> Policy | None:
    """The `p` tag of a DMARC record (RFC 7489 §6.3); None when it has no valid one."""
    for tag in record.lower().split(";"):
        name, _, value = tag.partition("=")
        if name.strip() == "p":
            return next((known for known in POLICIES if known == value.strip()), None)
    return None


def _host(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().rstrip(".")
