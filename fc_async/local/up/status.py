"""What a running local service says of itself, asked from another process."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ...errors import ArgumentError, LocalError
from ..loopback import is_loopback

_TIMEOUT_SECONDS = 10
_REFUSAL_BYTES = 4096
_MESSAGE_CHARACTERS = 300


def read_status(endpoint: str, *, limit: int = 20, function: str = "", status: str = "") -> dict[str, Any]:
    """Return the answers of /_local/health and, as `invocations`, of /_local/invocations, newest first.

    Args:
        endpoint: base URL of the local service.
        limit: how many invocations at most.
        function: only those of this function; "": of all.
        status: only those in this state, or in one of several with commas between them; "": in any.

    Raises:
        ArgumentError: the endpoint is no http URL of this machine, or the service refuses a value.
        LocalError: nothing answers there, or not a local service.
    """
    query = urlencode({"limit": limit, "function": function, "status": status})
    return {**_get(endpoint, "health", dict), "invocations": _get(endpoint, f"invocations?{query}", list)}


def read_metrics(endpoint: str) -> dict[str, Any]:
    """Return the counts by their CloudMonitor names; raises as `read_status`."""
    found: dict[str, Any] = _get(endpoint, "health", dict)["metrics"]
    return found


def read_invocation(endpoint: str, request_id: str) -> dict[str, Any]:
    """Return the answer of /_local/invocations/REQUEST_ID; raises as `read_status`, LocalError for an unknown id."""
    found: dict[str, Any] = _get(endpoint, f"invocations/{quote(request_id, safe='')}", dict)
    return found


def advance(endpoint: str, seconds: float) -> None:
    """Move the manual time of a local service; returns when what became due is done; raises as `read_status`."""
    _send(endpoint, "POST", "clock/advance", {"seconds": seconds}, timeout_seconds=None)


def reset(endpoint: str) -> None:
    """Have a local service be as at its start; raises as `read_status`."""
    _send(endpoint, "POST", "reset")


def limit_function(endpoint: str, name: str, instances: int | None) -> None:
    """Answer 429 beyond so many executions of a function at once, None lifts it; raises as `read_status`."""
    _send(endpoint, "PUT", f"functions/{quote(name, safe='')}/limit", {"instances": instances})


def add_fault(endpoint: str, fault: dict[str, Any]) -> None:
    """Add a fault, given as /_local/faults takes it; raises as `read_status`."""
    _send(endpoint, "POST", "faults", fault)


def read_faults(endpoint: str) -> list[dict[str, Any]]:
    """Return the faults that there are, and how often each has happened; raises as `read_status`."""
    found: list[dict[str, Any]] = _get(endpoint, "faults", list)
    return found


def clear_faults(endpoint: str) -> None:
    """Remove all faults; raises as `read_status`."""
    _send(endpoint, "DELETE", "faults")


def _is_local(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme == "http" and parts.port != 0 and is_loopback(parts.hostname or "")
    except ValueError:
        return False


def _get(endpoint: str, what: str, kind: type) -> Any:
    answer = _send(endpoint, "GET", what)
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise LocalError(_nobody(endpoint, type(error).__name__)) from None
    if not isinstance(value, kind):
        raise LocalError(f"what answers at {endpoint[:80]} is no local service; start one with: fc-async local up")
    return value


def _send(
    endpoint: str,
    method: str,
    what: str,
    body: dict[str, Any] | None = None,
    *,
    timeout_seconds: float | None = _TIMEOUT_SECONDS,
) -> bytes:
    if not _is_local(endpoint):
        raise ArgumentError(f"expected the URL of a local service, as http://127.0.0.1:9700, got {endpoint[:80]!r}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy cannot reach this machine
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - an http URL of this machine
        f"{endpoint.rstrip('/')}/_local/{what}", data, {"Content-Type": "application/json"}, method=method
    )
    try:
        with opener.open(request, timeout=timeout_seconds) as answer:
            found: bytes = answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            reason = _reason(refused, endpoint)
        raise LocalError(reason) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise LocalError(_nobody(endpoint, type(error).__name__)) from None
    return found


def _reason(refused: urllib.error.HTTPError, endpoint: str) -> str:
    """Return what the local service says of a refusal; anything else that answers there is none."""
    try:
        message = json.loads(refused.read(_REFUSAL_BYTES))["Message"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        message = None
    return message[:_MESSAGE_CHARACTERS] if isinstance(message, str) else _nobody(endpoint, "HTTPError")


def _nobody(endpoint: str, why: str) -> str:
    return f"no local service answers at {endpoint[:80]} ({why}); start one with: fc-async local up"
