"""Which hosts the operator lets HTTP storages read, and which addresses are nobody's to read without being named."""

import ipaddress
import re
from collections.abc import Iterable

import attrs

from domain.errors import InvalidValue

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_PORTS = {"http": 80, "https": 443}

_PATTERN = re.compile(r"(?:\[([0-9A-Fa-f:.]+(?:/\d+)?)\]|([^\[\]:\s]+))(?::(\d{1,5}|\*))?")
_NAME = re.compile(r"(?:\*|(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*)")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_OF_THE_HOUSE = tuple(ipaddress.ip_network(text) for text in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24"))
"""Global by their number, and yet answered by the network or the machine room that we may be in."""


def is_public(address: Address) -> bool:
    """Whether an address is on the open Internet, also when it is wrapped in another one."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if wrapped is None and address in _NAT64:
            wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(wrapped)
        if address.is_site_local:
            return False
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    return address.is_global and not is_special and not any(address in network for network in _OF_THE_HOUSE)


def literal_address(host: str) -> Address | None:
    """The address that a host of a URL is, if it is one; IPv6 may stand in brackets."""
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


@attrs.frozen(kw_only=True)
class _Pattern:
    """``name`` (``*`` is any, ``*.x`` any below x) or ``network``; ``port`` 0 is any, ``None`` the usual ones."""

    name: str | None = None
    network: Network | None = None
    port: int | None = None

    def takes_port(self, port: int) -> bool:
        return port in DEFAULT_PORTS.values() if self.port is None else self.port in {0, port}

    def takes_name(self, host: str) -> bool:
        if self.name is None:
            return False
        return self.name in {"*", host} or (self.name.startswith("*.") and host.endswith(self.name[1:]))

    def takes_address(self, address: Address) -> bool:
        return self.network is not None and address.version == self.network.version and address in self.network


@attrs.frozen
class AllowedHosts:
    """The operator's list. Empty is nothing.

    An entry is a host name, ``*.`` and a domain, ``*``, an address or a network, each with ``:port`` or ``:*``; without
    one it stands for ports 80 and 443. A name alone never leads to an address that is not public: for that, the
    address or its network must be in the list as well.
    """

    _patterns: tuple[_Pattern, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "AllowedHosts":
        """Raises ``InvalidValue`` for an entry that is none."""
        return cls(tuple(_parsed(entry) for entry in entries))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is allowed at all."""
        return not self._patterns

    def may_ask(self, host: str, port: int) -> bool:
        """Whether requests may name this host; ``host`` is in lower case."""
        address = literal_address(host)
        if address is not None:
            named = any(p.takes_name("*") and p.name == "*" and p.takes_port(port) for p in self._patterns)
            return (named and is_public(address)) or self._names(address, port)
        return any(pattern.takes_name(host) and pattern.takes_port(port) for pattern in self._patterns)

    def may_connect(self, address: Address, port: int) -> bool:
        """Whether a connection may be made to this address, whatever name led to it."""
        return is_public(address) or self._names(address, port)

    def _names(self, address: Address, port: int) -> bool:
        return any(pattern.takes_address(address) and pattern.takes_port(port) for pattern in self._patterns)


def _parsed(entry: str) -> _Pattern:
    found = _PATTERN.fullmatch(entry.strip().lower())
    if found is not None:
        port = None if found[3] is None else 0 if found[3] == "*" else int(found[3])
        is_port = port is None or found[3] == "*" or 0 < port < 65536
        text = found[1] or found[2]
        if is_port and (found[1] or re.fullmatch(r"[0-9./]+", text)):
            try:
                return _Pattern(network=ipaddress.ip_network(text), port=port)
            except ValueError as error:
                raise InvalidValue(f"{entry!r} is no address and no network ({error}).") from error
        if is_port and _NAME.fullmatch(text):
            return _Pattern(name=text, port=port)
    raise InvalidValue(f"{entry!r} is no host: write a name, *.domain, an address or a network, and :port if needed.")
