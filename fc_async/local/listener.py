"""The listening socket: a loopback address, and one sentence for what goes wrong."""

from __future__ import annotations

import errno
import ipaddress
import socket

from ..errors import LocalError


def loopback_address(host: str) -> str:
    """Return the address to listen at; raises LocalError for what is not loopback."""
    name = "127.0.0.1" if host.lower() == "localhost" else host.strip("[]")
    try:
        is_loopback = ipaddress.ip_address(name).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise LocalError(f"expected a loopback address (127.0.0.1 or ::1) to listen at, got {host[:80]!r}")
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
    """Return the URL at which the socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
