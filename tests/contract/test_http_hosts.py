"""The operator's list of hosts, and which addresses are public."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.storage.http_hosts import AllowedHosts, is_public
from domain.errors import InvalidValue

PRIVATE = [
    "0.0.0.0", "10.1.2.3", "100.100.100.200", "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.169.254",
    "172.16.0.1", "192.0.0.192", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fe80::1%lo", "fec0::1", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "192.88.98.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_addresses_that_are(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_wrapped_in_ipv6_is_as_public_as_by_itself(address: ipaddress.IPv4Address) -> None:
    number = int(address)

    for wrapped in ((0xFFFF << 32) | number, (0x64FF9B << 96) | number, (0x2002 << 112) | (number << 80)):
        assert is_public(ipaddress.IPv6Address(wrapped)) == is_public(address)


@pytest.mark.parametrize(
    ("entry", "host", "port", "is_allowed"),
    [
        ("example.org", "example.org", 443, True),
        ("Example.ORG", "example.org", 80, True),
        ("example.org", "example.org", 8443, False),
        ("example.org:8443", "example.org", 8443, True),
        ("example.org:8443", "example.org", 443, False),
        ("example.org:*", "example.org", 1, True),
        ("example.org", "www.example.org", 443, False),
        ("*.example.org", "www.example.org", 443, True),
        ("*.example.org", "a.b.example.org", 443, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "notexample.org", 443, False),
        ("*", "anything.example", 443, True),
        ("*", "8.8.8.8", 443, True),
        ("*", "10.0.0.1", 443, False),
        ("10.0.0.1", "10.0.0.1", 80, True),
        ("10.0.0.0/8", "10.9.9.9", 80, True),
        ("10.0.0.0/8:8080", "10.9.9.9", 80, False),
        ("[::1]:8080", "[::1]", 8080, True),
        ("[fd00::/8]", "[fd00::1]", 443, True),
    ],
)
def test_what_an_entry_allows(entry: str, host: str, port: int, is_allowed: bool) -> None:
    assert AllowedHosts.of([entry]).may_ask(host, port) == is_allowed


@pytest.mark.parametrize(
    "entry", ["", " ", "http://example.org", "example.org/path", "exa mple.org", "example.org:0", "example.org:70000",
              "a..b", "*x.org", "a.*", "10.0.0.1/8", "10.0.0", "[::g]", "::1", "u@example.org", "-a.org"],
)  # fmt: skip
def test_entries_that_are_none_are_refused(entry: str) -> None:
    with pytest.raises(InvalidValue):
        AllowedHosts.of([entry])


def test_a_name_leads_to_public_addresses_only_unless_the_address_is_named_too() -> None:
    inside = ipaddress.ip_address("10.0.0.1")

    assert not AllowedHosts.of(["archive.example"]).may_connect(inside, 443)
    assert AllowedHosts.of(["archive.example", "10.0.0.1"]).may_connect(inside, 443)
    assert AllowedHosts.of(["archive.example"]).may_connect(ipaddress.ip_address("8.8.8.8"), 443)
