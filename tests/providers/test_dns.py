"""DNS: absence is a fact, a sick resolver is not."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from providers.dns import Dns, operator, policy, system
from schemas.errors import Transient

Records = dict[tuple[str, str], list[str]]


@contextmanager
def resolver(answer: Callable[[dns.message.Message], dns.message.Message]) -> Iterator[Dns]:
    """A real resolver on loopback that answers with `answer` until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))

        def serve() -> None:
            while (packet := udp.recvfrom(4096))[0] != b"stop":
                udp.sendto(answer(dns.message.from_wire(packet[0])).to_wire(), packet[1])

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield system(f"127.0.0.1:{udp.getsockname()[1]}")
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
                bell.sendto(b"stop", udp.getsockname())
            thread.join()


def zone(records: Records) -> Callable[[dns.message.Message], dns.message.Message]:
    def answer(query: dns.message.Message) -> dns.message.Message:
        message, question = dns.message.make_response(query), query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        kind = dns.rdatatype.to_text(question.rdtype)
        if not any(owner == name for owner, _ in records):
            message.set_rcode(dns.rcode.NXDOMAIN)
        if texts := records.get((name, kind)):
            message.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
        return message

    return answer


def test_a_well_kept_domain_is_described_in_full():
    records: Records = {
        ("acme.example", "MX"): ["20 b.example.", "10 Acme.Mail.Protection.Outlook.com."],
        ("acme.example", "A"): ["192.0.2.1"],
        ("acme.example", "AAAA"): ["2001:db8::1"],
        ("acme.example", "TXT"): ['"v=spf1 " "-all"', '"other"'],
        ("_dmarc.acme.example", "TXT"): ['"v=DMARC1; p = Quarantine ;sp=none"'],
    }
    with resolver(zone(records)) as asked:
        facts = asked.mail("acme.example")
        assert asked.addresses("acme.example") == ("192.0.2.1", "2001:db8::1")
    assert (facts.has_mx, facts.null_mx, facts.resolves) == (True, False, True)
    assert (facts.mail_operator, facts.spf, facts.dmarc) == ("microsoft", True, "quarantine")
    assert facts.takes_mail


@pytest.mark.parametrize(
    ("records", "takes_mail"),
    [
        ({("acme.example", "MX"): ["0 ."], ("acme.example", "A"): ["192.0.2.1"]}, False),
        ({("acme.example", "A"): ["192.0.2.1"]}, True),
        ({("acme.example", "TXT"): ['"v=spf1 -all"']}, False),
        ({}, False),
    ],
)
def test_absence_is_a_fact(records: Records, takes_mail: bool):
    with resolver(zone(records)) as asked:
        assert asked.mail("acme.example").takes_mail == takes_mail


def test_two_spf_or_dmarc_records_count_as_none():
    records: Records = {
        ("acme.example", "TXT"): ['"v=spf1 -all"', '"v=spf1 ~all"'],
        ("_dmarc.acme.example", "TXT"): ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'],
    }
    with resolver(zone(records)) as asked:
        facts = asked.mail("acme.example")
    assert (facts.spf, facts.dmarc) == (False, None)


@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_a_sick_resolver_is_transient_and_names_the_setting(code: dns.rcode.Rcode):
    def sick(query: dns.message.Message) -> dns.message.Message:
        message = dns.message.make_response(query)
        message.set_rcode(code)
        return message

    with resolver(sick) as asked, pytest.raises(Transient, match="OUTRIDER_DNS_SERVER"):
        asked.mail("acme.example")


def test_a_silent_resolver_is_transient():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        asked = system(f"127.0.0.1:{mute.getsockname()[1]}", lifetime=0.2)
        with pytest.raises(Transient, match="for MX of acme"):
            asked.mail("acme.example")


@pytest.mark.parametrize("domain", ["a..b", f"{'x' * 64}.example", ".".join(["abcdefgh"] * 40)])
def test_a_name_that_cannot_be_is_a_name_that_is_not(domain: str):
    with resolver(zone({})) as asked:
        assert not asked.mail(domain).takes_mail


@pytest.mark.parametrize("server", ["localhost", "127.0.0.1", "dns.example:53", "127.0.0.1:x"])
def test_an_unusable_resolver_is_named_with_its_setting(server: str):
    with pytest.raises(ValueError, match="OUTRIDER_DNS_SERVER"):
        system(server)


def test_operators_are_known_by_the_end_of_the_name_only():
    assert operator(("aspmx.l.google.com",)) == "google"
    assert operator(("mx.notgoogle.com",)) == "other"
    assert operator(("unknown.example", "mx1.pphosted.com")) == "proofpoint"


@pytest.mark.parametrize(
    ("record", "found"),
    [("v=DMARC1", None), ("v=DMARC1; p=x", None), ("v=DMARC1; p=reject; p=none", "reject")],
)
def test_a_policy_is_one_of_three_words(record: str, found: str | None):
    assert policy(record) == found
