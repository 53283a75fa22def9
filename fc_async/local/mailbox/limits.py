"""The numbers of MNS as data: ranges, defaults, and what is assumed where no source says.

Source of every range: https://www.alibabacloud.com/help/en/mns/product-overview/limits and the pages of the single
operations (API 2015-06-06), unless a line says `assumed`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import out_of_range


@dataclass(frozen=True, slots=True)
class Range:
    """A whole number that MNS accepts between two bounds, under the name that its refusal uses."""

    name: str
    low: int
    high: int
    unit: str = ""

    def checked(self, value: int) -> int:
        """Return `value`, or raise MailboxError 400 InvalidArgument when it is outside."""
        if not self.low <= value <= self.high:
            raise out_of_range(self.name, self.low, self.high, self.unit)
        return value


VISIBILITY_TIMEOUT = Range("VisibilityTimeout", 1, 43_200, "seconds")
"""Of a queue and of ChangeMessageVisibility; 0 is refused."""
DELAY_SECONDS = Range("DelaySeconds", 0, 604_800, "seconds")
MESSAGE_RETENTION_PERIOD = Range("MessageRetentionPeriod", 60, 604_800, "seconds")
MAXIMUM_MESSAGE_SIZE = Range("MaximumMessageSize", 1_024, 65_536, "bytes")
POLLING_WAIT_SECONDS = Range("PollingWaitSeconds", 0, 30, "seconds")
WAIT_SECONDS = Range("waitseconds", 0, 30, "seconds")
PRIORITY = Range("Priority", 1, 16)
NUM_OF_MESSAGES = Range("numOfMessages", 1, 16)
RET_NUMBER = Range("x-mns-ret-number", 1, 1_000)

DEFAULT_VISIBILITY_TIMEOUT_SECONDS = 30
DEFAULT_DELAY_SECONDS = 0
DEFAULT_MESSAGE_RETENTION_PERIOD_SECONDS = 345_600
DEFAULT_MAXIMUM_MESSAGE_SIZE_BYTES = 65_536
DEFAULT_POLLING_WAIT_SECONDS = 0
DEFAULT_PRIORITY = 8
"""Also meant by 0, which the Go SDK always sends."""
DEFAULT_RET_NUMBER = 1_000

MAX_BATCH_MESSAGES = 16
MAX_BATCH_BYTES = 65_536
"""Sum of the bodies of one batch send, in UTF-8 bytes."""
MAX_QUEUE_NAME_CHARACTERS = 120

MAX_REQUEST_BYTES = 1_048_576
"""assumed: 64 KB of text in which every character is an entity is 384 KB of XML; the rest is for properties."""
MAX_XML_DEPTH = 16
"""assumed; a real request goes 5 deep."""
MAX_XML_ELEMENTS = 20_000
"""assumed; bounds what a hostile request of `MAX_REQUEST_BYTES` can make of memory."""
