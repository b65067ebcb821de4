"""Which addresses a page look-up may reach. Refuses everything that is not plainly the public Internet."""

import ipaddress

_TUNNELS = tuple(
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)  # IPv6 ranges that carry an IPv4 address inside: NAT64, 6to4, Teredo, IPv4-compatible
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "gob", "net", "ne", "or", "org"})


def public(address: str) -> bool:
    """Whether an IP address is global unicast (IANA special-purpose registries, RFC 6890)."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    if any(ip.version == net.version and ip in net for net in _TUNNELS):
        return False
    return ip.is_global and not ip.is_multicast


def site(host: str) -> str:
    """The part of a host name that its owner registered, nearly: `www.acme.co.uk` → `acme.co.uk`."""
    labels = host.lower().rstrip(".").split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if deep else labels[-2:])
