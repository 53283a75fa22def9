"""Receipt handles, in the form in which the real service gives them out.

    {MessageId}-{base64("k T V n 0 host 0 k|tag")}

T is when it was given out and V for how long, both in milliseconds; k, n and host are the service's own bookkeeping
and the tag is constant per queue. A visibility change resets T and V. Source: recorded exchanges of the real service
(cn-shanghai, 2026). To a client it is opaque, and can hold `+`, `/` and `=`.
"""

from __future__ import annotations

import base64
import binascii
import re

from .errors import receipt_handle_error

_HOST = "local-01"
_INNER = re.compile(rb"\d+ \d+ \d+ \d+ 0 [A-Za-z0-9.-]+ 0 \d+\|[A-Za-z0-9]+")


def receipt_handle(message_id: str, tag: str, given_ms: int, valid_ms: int) -> str:
    """Write the handle of a message, given out at `given_ms` for `valid_ms`."""
    inner = f"1 {given_ms} {valid_ms} 1 0 {_HOST} 0 1|{tag}"
    return f"{message_id}-{base64.b64encode(inner.encode()).decode()}"


def message_id_of(handle: str) -> str:
    """The id of the message that a handle belongs to; raises MailboxError 400 ReceiptHandleError for anything else."""
    message_id, _, encoded = handle.partition("-")
    try:
        inner = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise receipt_handle_error() from None
    if not message_id or not _INNER.fullmatch(inner):
        raise receipt_handle_error()
    return message_id
