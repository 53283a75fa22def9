"""What a failed call means to a consumer, how long it waits before the next one, and when an outage is worth a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ...errors import FcAsyncError, ServiceError, TransportError

FIRST_SECONDS = 0.5
MOST_SECONDS = 30.0
"""As long as a long poll: a service that is back is noticed no later than an empty queue's next message."""

SOON_FIRST_SECONDS = 0.05
SOON_MOST_SECONDS = 5.0
"""For empty answers that come at once although the service was asked to wait: it is well, and must not be hammered."""


class Failure(Enum):
    """What can be done about a call that failed."""

    PASSING = "no answer, 429 or 5xx: the same call may work later"
    MISSING = "there is no such queue"
    GONE = "the handle is good no more: the message is deleted, or visible again"
    REFUSED = "the service does not allow it, or does not understand it"


def is_gone(code: str | None) -> bool:
    """Tell whether the service's code says that a handle is good no more."""
    return code in ("MessageNotExist", "ReceiptHandleError")


def failure_of(error: FcAsyncError) -> Failure:
    """Tell what can be done about an error of a QueueClient."""
    if isinstance(error, TransportError):
        return Failure.PASSING
    if not isinstance(error, ServiceError):
        return Failure.REFUSED
    if error.code == "QueueNotExist":
        return Failure.MISSING
    if is_gone(error.code):
        return Failure.GONE
    return Failure.PASSING if error.status == 429 or error.status >= 500 else Failure.REFUSED


@dataclass
class BackOff:
    """Delays that double, each cut by chance to between a half and the whole, so that clients do not march in step.

    Args:
        random: a number from 0 to 1, a new one at each call.
        first_seconds: the first delay before chance cuts it.
        most_seconds: no delay is longer.
    """

    random: Callable[[], float]
    first_seconds: float = FIRST_SECONDS
    most_seconds: float = MOST_SECONDS
    failures: int = 0

    def next_seconds(self) -> float:
        """Count one more failure, and return how long to wait after it."""
        longest: float = min(self.most_seconds, self.first_seconds * 2 ** min(self.failures, 20))
        self.failures += 1
        return longest * (1 + self.random()) / 2

    def worked(self) -> None:
        """Begin again with the first delay."""
        self.failures = 0


@dataclass
class Outage:
    """Says once that something does not work, and once that it does again.

    Args:
        what: what does not work, for the log ("receiving from dead").
    """

    what: str
    since: float | None = None

    def failed(self, now: float, reason: str) -> str | None:
        """Return the line that begins an outage, None inside of one."""
        if self.since is not None:
            return None
        self.since = now
        return f"{self.what} does not work, and is tried again until it does: {reason}"

    def worked(self, now: float) -> str | None:
        """Return the line that ends an outage, None where there was none."""
        if self.since is None:
            return None
        seconds, self.since = now - self.since, None
        return f"{self.what} works again, after {seconds:.0f} seconds"
