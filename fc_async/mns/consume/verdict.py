"""What is to become of a letter: acknowledged, or released for so long; and what handlers raise to say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from ...checks import check_whole, whole_seconds
from ...errors import FcAsyncError
from ..queue_attributes import MAX_VISIBILITY_SECONDS

MOST_DELAY_SECONDS = 300
"""Longest delay of a letter whose handler raised: a mended handler has its letters back within five minutes."""


class Reject(FcAsyncError):  # noqa: N818 - the contract's name
    """Raised by a handler: this letter will never be any good; it goes to `on_reject`, and is acknowledged."""


class Retry(FcAsyncError):  # noqa: N818 - the contract's name
    """Raised by a handler: show this letter again after so long.

    Args:
        after_seconds: 1 to 43200, a whole number or a timedelta; the service knows no 0.

    Raises:
        ArgumentError: it is out of range.
    """

    def __init__(self, after_seconds: int | timedelta = 1) -> None:
        self.after_seconds = check_whole("after_seconds", whole_seconds(after_seconds), 1, MAX_VISIBILITY_SECONDS)
        super().__init__(self.after_seconds)

    def __str__(self) -> str:
        return f"again after {self.after_seconds} seconds"


class LetBe(FcAsyncError):  # noqa: N818 - as its neighbours
    """Raised by a handler of ours: this letter is not touched again, and shows when its visibility is over."""


class Outcome(str, Enum):
    """What was done with a letter; each letter that is received has exactly one."""

    ACKNOWLEDGED = "acknowledged"
    RELEASED = "released"
    REJECTED = "rejected"
    EXHAUSTED = "exhausted"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Verdict:
    """What is to become of a letter.

    Args:
        outcome: what it counts as.
        hidden_seconds: how long it is hidden, 1 to 43200; None: it is deleted.
        error: why it was not simply handled, for observers; None: it was.
        is_let_be: whether no call is made for it: it comes back by itself.
    """

    outcome: Outcome
    hidden_seconds: int | None = None
    error: BaseException | None = None
    is_let_be: bool = False


def delay_seconds(dequeue_count: int | None) -> int:
    """Return how long a letter is hidden whose handler raised: 1 second after its first receive, then doubling."""
    receives = 1 if dequeue_count is None else max(1, dequeue_count)
    return int(min(MOST_DELAY_SECONDS, 2 ** min(receives - 1, 20)))
