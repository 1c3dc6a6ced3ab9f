"""Whose request it is, when proxies of the operator stand before the gateway."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

_IPV6_CUSTOMER_BITS = 64


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Tell whether the address belongs to one of the networks; what is no address does not."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return any((mapped or parsed) in network for network in networks)


def client_behind(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """Return the last address in ``X-Forwarded-For`` that no trusted proxy has, seen from the peer."""
    for hop in [peer, *(part.strip() for part in reversed(forwarded_for.split(",")))]:
        try:
            ip_address(hop)
        except ValueError:
            break
        peer = hop
        if not is_within(hop, trusted):
            break
    return peer


def scheme_behind(peer: str, scheme: str, forwarded_proto: bytes | None, trusted: Sequence[Network]) -> str:
    """Return the scheme that the client used, as a trusted proxy says, or as it came."""
    if forwarded_proto in {b"http", b"https"} and is_within(peer, trusted):
        return str(forwarded_proto, "ascii")
    return scheme


@lru_cache(maxsize=4096)
def limited_as(address: str) -> str:
    """Return what a limit counts by: an IPv4 address, or the /64 of an IPv6 one, which is one customer's."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((parsed, _IPV6_CUSTOMER_BITS), strict=False).network_address)
    return address
