"""Which address a client has: its own, or what proxies say that the operator trusts (X-Forwarded-For)."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import attrs

from domain.errors import InvalidValue

_IPV6_SITE = 64
"""Bits that tell clients apart: whoever has one IPv6 address has all that begin with the same 64 (RFC 6177)."""

Address = IPv4Address | IPv6Address


@attrs.frozen
class ClientAddresses:
    """``trusted`` are the networks of proxies whose word counts; without any, the peer is the client."""

    trusted: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def behind(cls, proxies: Iterable[str]) -> "ClientAddresses":
        """Behind proxies in these networks, in CIDR notation. Raises ``InvalidValue``."""
        try:
            return cls(tuple(ip_network(proxy) for proxy in proxies))
        except ValueError as error:
            raise InvalidValue(f"This is no network of proxies: {error}.") from error

    def of(self, peer: str, forwarded: Sequence[str]) -> str:
        """The client behind a peer that sends these ``X-Forwarded-For`` fields: the last one that no proxy is.

        What clients write into the field themselves stands before what proxies add, and is never looked at.
        """
        address = _read(peer)
        hops = [hop for field in forwarded for hop in field.split(",")]
        while address is not None and hops and self._trusts(address):
            hop = _read(hops.pop().strip())
            if hop is None:
                break
            address = hop
        return peer if address is None else _site(address)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.trusted)


def _read(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _site(address: Address) -> str:
    return (
        str(address) if isinstance(address, IPv4Address) else str(ip_network((int(address), _IPV6_SITE), strict=False))
    )
