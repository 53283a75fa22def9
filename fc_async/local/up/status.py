"""What a running local service says of itself, asked from another process."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from ...errors import ArgumentError, LocalError
from ..loopback import is_loopback

_TIMEOUT_SECONDS = 10


def read_status(endpoint: str) -> dict[str, Any]:
    """Return the answers of /_local/health and, as `invocations`, of /_local/invocations.

    Args:
        endpoint: base URL of the local service.

    Raises:
        ArgumentError: the endpoint is no http URL of this machine.
        LocalError: nothing answers there, or not a local service.
    """
    if not _is_local(endpoint):
        raise ArgumentError(f"expected the URL of a local service, as http://127.0.0.1:9700, got {endpoint[:80]!r}")
    return {**_get(endpoint, "health", dict), "invocations": _get(endpoint, "invocations", list)}


def _is_local(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme == "http" and parts.port != 0 and is_loopback(parts.hostname or "")
    except ValueError:
        return False


def _get(endpoint: str, what: str, kind: type) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy cannot reach this machine
    try:
        with opener.open(f"{endpoint.rstrip('/')}/_local/{what}", timeout=_TIMEOUT_SECONDS) as answer:
            value = json.loads(answer.read())
    except (OSError, urllib.error.HTTPError, ValueError) as error:
        raise LocalError(
            f"no local service answers at {endpoint[:80]} ({type(error).__name__}); start one with: fc-async local up"
        ) from None
    if not isinstance(value, kind):
        raise LocalError(f"what answers at {endpoint[:80]} is no local service; start one with: fc-async local up")
    return value
