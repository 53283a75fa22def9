"""What DisableFunctionInvocation makes of a function, as GetFunction answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..times import rfc3339
from .fc_errors import wrong_value
from .function_fields import is_text


@dataclass(frozen=True)
class Restriction:
    """Whether a function may be invoked.

    Args:
        is_disabled: whether it may not.
        modified_ms: when that was last changed, in milliseconds since 1970.
        reason: what was said of it; None: nothing.
    """

    is_disabled: bool
    modified_ms: int
    reason: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the API's FunctionRestriction."""
        said = {} if self.reason is None else {"reason": self.reason}
        return {"disable": self.is_disabled, "lastModifiedTime": rfc3339(self.modified_ms), **said}


def disabled(now_ms: int, body: Mapping[str, Any]) -> tuple[Restriction, bool]:
    """Return what a body of DisableFunctionInvocation makes, and whether what runs is to be aborted.

    Raises:
        FcError: 400 InvalidArgument.
    """
    reason, aborts = body.get("reason"), body.get("abortOngoingRequest")
    if reason is not None and not is_text(reason):
        raise wrong_value("reason", reason, "a text that UTF-8 can write, without a zero byte")
    if aborts is not None and not isinstance(aborts, bool):
        raise wrong_value("abortOngoingRequest", aborts, "true or false")
    return Restriction(True, now_ms, reason), aborts is True
