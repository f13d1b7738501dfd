"""Which address a client has: nobody makes one up, and whoever has many IPv6 addresses has one."""

import pytest

from adapters.http.client_addresses import ClientAddresses
from domain.errors import InvalidValue

PROXY = "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.9", [], "192.0.2.9"),
        ("192.0.2.9", ["203.0.113.5"], "192.0.2.9"),
        (PROXY, [], PROXY),
        (PROXY, ["203.0.113.5"], "203.0.113.5"),
        (PROXY, ["1.2.3.4, 203.0.113.5"], "203.0.113.5"),
        (PROXY, ["1.2.3.4", "203.0.113.5, 10.0.0.2"], "203.0.113.5"),
        (PROXY, ["10.0.0.3", " 10.0.0.2"], "10.0.0.3"),
        (PROXY, ["1.2.3.4, unknown"], PROXY),
        (PROXY, ["1.2.3.4, , 10.0.0.2"], "10.0.0.2"),
        ("::ffff:10.0.0.1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", [], "2001:db8:1:2::/64"),
        ("", ["203.0.113.5"], ""),
        ("testclient", ["203.0.113.5"], "testclient"),
    ],
)
def test_only_trusted_proxies_say_where_a_client_is(peer: str, forwarded: list[str], address: str) -> None:
    assert ClientAddresses.behind(["10.0.0.0/8"]).of(peer, forwarded) == address


def test_without_trusted_proxies_the_peer_is_the_client() -> None:
    assert ClientAddresses().of(PROXY, ["203.0.113.5"]) == PROXY


@pytest.mark.parametrize("network", ["10.0.0.1/8", "proxy", "10.0.0.0/33", ""])
def test_what_is_no_network_is_refused(network: str) -> None:
    with pytest.raises(InvalidValue, match="no network"):
        ClientAddresses.behind([network])
