"""What `--debug` shows: one line for each request, without headers, secrets, payloads and receipt handles.

Everything is logged under `fc_async` at level DEBUG: `fc_async.requests` tells each exchange, `fc_async.repeat` each
repeat. Nothing is printed unless the program configures logging, or calls `log_requests`.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO
from urllib.parse import parse_qsl, urlencode, urlsplit

_LOG = logging.getLogger("fc_async.requests")
_SHOWN_PARAMETERS = {"qualifier", "functionName", "numOfMessages", "waitseconds", "peekonly"}
"""Of the query only what is known to be harmless: a receipt handle lets its holder delete a message."""


def log_requests(stream: TextIO | None = None) -> None:
    """Show every request of fc_async, each as one line; a second call changes the stream, it adds no second line.

    Args:
        stream: where to; None: standard error.
    """
    log = logging.getLogger("fc_async")
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    log.handlers[:] = [handler]
    log.setLevel(logging.DEBUG)
    log.propagate = False  # the root's handlers would print the line again


def log_answer(method: str | None, url: str, status: int, request_id: str | None, seconds: float) -> None:
    """Log a request that was answered; `seconds` is the time until its headers came."""
    if _LOG.isEnabledFor(logging.DEBUG):
        _LOG.debug(
            "%s %s: %d in %.0f ms (request id %s)", method, _shown(url), status, seconds * 1000, request_id or "none"
        )


def log_failure(method: str | None, url: str, reason: object) -> None:
    """Log a request that was not answered; the reason is a sentence of ours."""
    if _LOG.isEnabledFor(logging.DEBUG):
        _LOG.debug("%s %s: %s", method, _shown(url), reason)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name in _SHOWN_PARAMETERS])
    return f"{parts.scheme}://{parts.netloc}{parts.path}" + (f"?{query}" if query else "")
