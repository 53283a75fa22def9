"""When an attempt that failed is followed by the next one.

Source: https://www.alibabacloud.com/help/en/fc/retry-policy; what it leaves open is an assumption, named in the code.
"""

from __future__ import annotations

from .. import limits
from ..assumptions import Assumptions
from .invocation import Invocation

_MOST_DOUBLINGS = 20
"""Beyond it the wait is longer than the five hours, and the number would only grow."""


def after_handler_error(now_ms: int, assumed: Assumptions) -> int:
    """Return when the next attempt is due: after a fixed time."""
    return now_ms + assumed.function_error_retry_seconds * 1000


def after_system_error(now_ms: int, invocation: Invocation, assumed: Assumptions) -> int | None:
    """Count a system error of an invocation; return when the next attempt is due.

    It waits 0.5 s, 1 s, 2 s, 4 s, ... None: that attempt would come after the five hours are over.
    """
    if invocation.first_system_error_ms is None:
        invocation.first_system_error_ms = now_ms
    wait_ms = limits.SYSTEM_ERROR_FIRST_RETRY_MS << min(invocation.system_errors, _MOST_DOUBLINGS)
    if assumed.backoff_cap_seconds is not None:
        wait_ms = min(wait_ms, assumed.backoff_cap_seconds * 1000)
    invocation.system_errors += 1
    is_from_acceptance = assumed.five_hours_from == "acceptance"
    from_ms = invocation.accepted_ms if is_from_acceptance else invocation.first_system_error_ms
    due_ms = now_ms + wait_ms
    return due_ms if due_ms - from_ms <= limits.SYSTEM_ERROR_RETRY_WINDOW_MS else None
