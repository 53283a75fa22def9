"""The ranges of MNS, each under the name that a refusal uses; `local/limits.py` has the numbers and their sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .. import limits
from .errors import out_of_range


@dataclass(frozen=True, slots=True)
class Range:
    """A whole number that MNS accepts between two bounds.

    Args:
        name: how the service calls it.
        bounds: least and greatest value.
        unit: what the refusal says after the bounds.
    """

    name: str
    bounds: tuple[int, int]
    unit: str = ""

    def checked(self, value: int) -> int:
        """Return `value`, or raise MailboxError 400 InvalidArgument when it is outside."""
        low, high = self.bounds
        if not low <= value <= high:
            raise out_of_range(self.name, low, high, self.unit)
        return value


VISIBILITY_TIMEOUT: Final = Range("VisibilityTimeout", limits.MNS_VISIBILITY_TIMEOUT_SECONDS, "seconds")
DELAY_SECONDS: Final = Range("DelaySeconds", limits.MNS_DELAY_SECONDS, "seconds")
MESSAGE_RETENTION_PERIOD: Final = Range("MessageRetentionPeriod", limits.MNS_RETENTION_SECONDS, "seconds")
MAXIMUM_MESSAGE_SIZE: Final = Range("MaximumMessageSize", limits.MNS_MESSAGE_BYTES, "bytes")
POLLING_WAIT_SECONDS: Final = Range("PollingWaitSeconds", limits.MNS_POLLING_WAIT_SECONDS, "seconds")
WAIT_SECONDS: Final = Range("waitseconds", limits.MNS_POLLING_WAIT_SECONDS, "seconds")
PRIORITY: Final = Range("Priority", limits.MNS_PRIORITY)
NUM_OF_MESSAGES: Final = Range("numOfMessages", limits.MNS_MESSAGES_AT_ONCE)
RET_NUMBER: Final = Range("x-mns-ret-number", limits.MNS_PAGE_SIZE)
