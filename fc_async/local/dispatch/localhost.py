"""Where localhost is: on this machine, whatever a name service says.

It is the one name that an endpoint may have (`mailbox/endpoint.py`). A machine whose hosts file lacks it asks the
network, and what the network answers is anyone's.
"""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

_ADDRESSES = (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6))


class Localhost(AbstractResolver):
    """Resolves localhost without asking, and nothing else."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses that are to be tried, in this order; raises OSError for another name."""
        if host.lower() != "localhost":
            raise OSError("the local service pushes to this machine only")
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=of, proto=socket.IPPROTO_TCP, flags=socket.AI_NUMERICHOST
            )
            for address, of in _ADDRESSES
        ]

    async def close(self) -> None:
        """Nothing is open."""
