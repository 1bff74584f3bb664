"""Which addresses a delivery may be sent to. Only public addresses of the internet are allowed.

A tenant chooses the URL of a webhook. Without this check, a delivery could reach services that only the functions can
reach, such as the metadata service of AWS.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

#: The only range from which public IPv6 addresses are given out. Addresses that contain an IPv4 address lie outside of
#: it, except those of 6to4 and Teredo.
_GLOBAL_UNICAST = IPv6Network("2000::/3")

#: An address in this range (6to4) contains an IPv4 address, to which the network may forward the connection.
_6TO4 = IPv6Network("2002::/16")

#: Ranges that `ipaddress` counts as public, but that contain no receivers of webhooks: the relays of 6to4, the metadata
#: service of Azure, and a range for documentation.
_OTHER_FORBIDDEN = (IPv4Network("192.88.99.0/24"), IPv4Network("168.63.129.16/32"), IPv6Network("3fff::/20"))

_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


def is_allowed_address(text: str, *, allow_loopback: bool = False) -> bool:
    """Return whether a delivery may be sent to this IP address. A text that is no IP address is not allowed.

    Refuses loopback, private, shared, link-local, multicast and reserved addresses, and the IPv6 addresses that contain
    an IPv4 address (mapped, compatible, 6to4, Teredo, NAT64). `allow_loopback` is for the local stack.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if allow_loopback and any(address in one for one in _LOOPBACK):
        return True
    if any(address in one for one in _OTHER_FORBIDDEN):
        return False
    return _is_public_ipv4(address) if isinstance(address, IPv4Address) else _is_public_ipv6(address)


def _is_public_ipv4(address: IPv4Address) -> bool:
    """Return whether an IPv4 address is one of a host in the public internet."""
    # `is_global` is true for multicast addresses too, so they are excluded separately.
    return address.is_global and not address.is_multicast


def _is_public_ipv6(address: IPv6Address) -> bool:
    """Return whether an IPv6 address is one of a host in the public internet."""
    return address.scope_id is None and address in _GLOBAL_UNICAST and address.is_global and address not in _6TO4
