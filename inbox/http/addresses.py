"""The address of a client, for limits per address. Only proxies that the site trusts can forward one."""

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.http import HttpRequest

from .. import conf

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

IPV6_BITS = 64  # a client usually has a whole /64 network (RFC 6177)


def address_of(request: HttpRequest) -> str | None:
    """The client's address; for IPv6, the first address of its /64 network; None if unknown (a Unix socket).

    It is `REMOTE_ADDR`. If that is one of `INBOX_TRUSTED_PROXIES`, it is the last entry of `X-Forwarded-For` that is no
    trusted proxy. Entries before that one can be forged by the client.
    """
    hops = [*request.META.get("HTTP_X_FORWARDED_FOR", "").split(","), request.META.get("REMOTE_ADDR") or ""]
    found = None
    for hop in reversed(hops):
        address = _parsed(hop)
        if address is None:
            break
        found = address
        if not _is_trusted(address):
            break
    return None if found is None else _shared(found)


def comes_from_trusted(request: HttpRequest) -> bool:
    """Whether the peer is one of `INBOX_TRUSTED_PROXIES`, so that the headers that it forwards can be trusted."""
    peer = _parsed(request.META.get("REMOTE_ADDR") or "")
    return peer is not None and _is_trusted(peer)


def is_network(text: str) -> bool:
    """Whether the text is an IP address or a network."""
    try:
        return bool(ip_network(text))
    except ValueError:
        return False


def _parsed(text: str) -> Address | None:
    """The address in an entry, to which some proxies add the port: `192.0.2.1:80`, `[2001:db8::1]:80`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in _networks(tuple(conf.trusted_proxies())))


@cache
def _networks(proxies: Iterable[str]) -> tuple[Network, ...]:
    return tuple(ip_network(proxy) for proxy in proxies if is_network(proxy))  # a system check reports the others


def _shared(address: Address) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_BITS), strict=False).network_address)
    return str(address)
