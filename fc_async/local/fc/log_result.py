"""X-Fc-Log-Result: the end of what a synchronous invocation printed and logged, as the cloud's logs have it.

Source: API 2023-03-30 InvokeFunction (`X-Fc-Log-Type: Tail`, 4 KB, base64) and, for the two lines around it, the custom
runtime's specification; that the two count towards the 4 KB is assumed.
"""

from __future__ import annotations

import base64

from .. import limits
from ..catalog.fc_errors import invalid_argument


def wants_log(text: str) -> bool:
    """Read X-Fc-Log-Type: whether an answer has the log; raises FcError 400 for another value than None and Tail."""
    if text.lower() not in ("none", "tail"):
        raise invalid_argument("X-Fc-Log-Type must be None or Tail")
    return text.lower() == "tail"


def log_result(request_id: str, printed: bytes) -> str:
    """Return the header's value.

    Args:
        request_id: the invocation.
        printed: the end of what its handler printed and logged.
    """
    start = f"FC Invoke Start RequestId: {request_id}\n".encode()
    end = f"FC Invoke End RequestId: {request_id}\n".encode()
    if printed and not printed.endswith(b"\n"):
        printed += b"\n"
    room = limits.LOG_RESULT_BYTES - len(start) - len(end)
    return base64.b64encode(start + printed[-room:] + end).decode()
