"""The listening socket: a loopback address, and one sentence for what goes wrong."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import resource
import socket

from ...errors import ArgumentError, LocalError
from ..loopback import is_loopback

_WANTED_DESCRIPTORS = 65_536


def bound_address(host: str, *, is_signed: bool) -> str:
    """Return the address to listen at.

    Args:
        host: `localhost` or an IP address.
        is_signed: whether requests must be signed; without that only a loopback address is taken.

    Raises:
        ArgumentError: it is no address, or one that others reach.
    """
    name = "127.0.0.1" if host.lower() == "localhost" else host.strip("[]")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        raise ArgumentError(
            f"expected an IP address to listen at (loopback: 127.0.0.1 or ::1), got {host[:80]!r}"
        ) from None
    if not (is_loopback(name) or is_signed):
        raise ArgumentError(
            f"expected a loopback address (127.0.0.1 or ::1) to listen at, got {host[:80]!r}: "
            "an address that others reach needs --access-key ID:SECRET"
        )
    return name


def listen(host: str, port: int) -> socket.socket:
    """Open the port, 0 picks a free one; raises LocalError when it is in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise LocalError(
                f"port {port} of {host} is in use; stop what listens there or choose another with --port (0 picks one)"
            ) from None
        raise LocalError(f"cannot listen at port {port} of {host}: {error.strerror}") from None


def base_url(listener: socket.socket) -> str:
    """Return the URL at which this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - a name for every address
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def raise_descriptor_limit() -> None:
    """Raise the soft limit of open descriptors as far as the hard one lets it; never lower it.

    The usual soft limit (1024, on macOS 256) is reached by connections that clients have opened and left.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_WANTED_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # the system has a bound of its own: the old limit stays
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
