"""Which hosts are this machine and no other: localhost, 127.0.0.0/8 and ::1.

`ipaddress` itself answers differently from one Python to the next (an IPv4 address written as an IPv6 one), so the
addresses are named here.
"""

from __future__ import annotations

import ipaddress

_IPV4 = ipaddress.ip_network("127.0.0.0/8")
_IPV6 = ipaddress.ip_address("::1")


def is_loopback(host: str) -> bool:
    """Whether only this machine has this name or address.

    Args:
        host: as in a URL or from a socket, without port and brackets; an IPv6 zone (`%lo`) is passed over.
    """
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address in _IPV4 or address == _IPV6
