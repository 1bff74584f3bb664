"""Which addresses a delivery may be sent to: every range that is not of a host in the public internet is refused."""

import socket

import pytest

from rolecall.webhooks.addresses import is_allowed_address

#: The first and the last address of each forbidden range, or addresses with a meaning in it.
FORBIDDEN = {
    "this host": ["0.0.0.0", "0.255.255.255", "::"],  # noqa: S104 (nothing is bound to it)
    "private": ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
    "unique local": ["fc00::", "fd00::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    "carrier-grade NAT": ["100.64.0.0", "100.127.255.255"],
    "loopback": ["127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"],
    "link-local": ["169.254.0.0", "169.254.255.255", "fe80::", "febf::1", "fe80::1%eth0"],
    "metadata": ["169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"],
    "metadata of other clouds": ["168.63.129.16", "100.100.100.200", "192.0.0.192", "fd20:ce::254"],
    "protocols": ["192.0.0.0", "192.0.0.255", "2001::1", "2001:1ff:ffff::1"],
    "documentation": ["192.0.2.0", "198.51.100.255", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarks": ["198.18.0.0", "198.19.255.255", "2001:2::1"],
    "multicast": ["224.0.0.0", "224.0.0.251", "239.255.255.255", "ff00::", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.0", "255.255.255.254", "4000::1", "e000::1", "100::1", "5f00::1"],
    "broadcast": ["255.255.255.255"],
    "site-local": ["fec0::1"],
    "relays of 6to4": ["192.88.99.1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"],
    "compatible": ["::127.0.0.1", "::8.8.8.8"],
    "6to4": ["2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:808:808::1"],
    "Teredo": ["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "64:ff9b:1::1"],
}

#: Neighbours of the forbidden ranges, and addresses of hosts.
ALLOWED = [
    *(
        "8.8.8.8",
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
    ),
    *("169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.0.1"),
    *("223.255.255.255", "168.63.129.15", "192.88.98.1", "2001:4860:4860::8888", "2606:4700::1111", "2a05:d018::1"),
]


@pytest.mark.parametrize("address", [one for ones in FORBIDDEN.values() for one in ones])
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_allowed_address(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_allowed_address(address)


@pytest.mark.parametrize("text", ["", "localhost", "0x7f.1", "2130706433", "127.1", "0177.0.0.1", "[::1]", "8.8.8.8 "])
def test_a_text_that_is_not_an_address_is_refused(text: str) -> None:
    assert not is_allowed_address(text)


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.0.0.1", "localhost"]
)
def test_a_spelling_of_loopback_is_refused_once_it_is_resolved(host: str) -> None:
    addresses = {str(answer[4][0]) for answer in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}

    assert addresses
    assert not any(map(is_allowed_address, addresses))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1"])
def test_the_local_stack_allows_loopback(address: str) -> None:
    assert is_allowed_address(address, allow_loopback=True)


@pytest.mark.parametrize("address", [one for kind, ones in FORBIDDEN.items() if kind != "loopback" for one in ones])
def test_the_local_stack_allows_no_other_range(address: str) -> None:
    assert not is_allowed_address(address, allow_loopback=True)
