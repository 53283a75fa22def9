"""What can be set on an MNS queue: the values, their defaults, and what may be in a queue's name."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace

from .. import limits
from .errors import invalid_queue_name, queue_name_length_error
from .limits import (
    DELAY_SECONDS,
    MAXIMUM_MESSAGE_SIZE,
    MESSAGE_RETENTION_PERIOD,
    POLLING_WAIT_SECONDS,
    VISIBILITY_TIMEOUT,
)

_RANGES = {
    "visibility_timeout_seconds": VISIBILITY_TIMEOUT,
    "maximum_message_size_bytes": MAXIMUM_MESSAGE_SIZE,
    "message_retention_period_seconds": MESSAGE_RETENTION_PERIOD,
    "delay_seconds": DELAY_SECONDS,
    "polling_wait_seconds": POLLING_WAIT_SECONDS,
}
_QUEUE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class QueueChanges:
    """Attributes that a create or set call names; None is one that it leaves out."""

    visibility_timeout_seconds: int | None = None
    maximum_message_size_bytes: int | None = None
    message_retention_period_seconds: int | None = None
    delay_seconds: int | None = None
    polling_wait_seconds: int | None = None
    logging_enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class QueueAttributes:
    """Attributes of a queue; the defaults are the service's.

    Args:
        visibility_timeout_seconds: how long a received message stays invisible, 1 to 43200.
        maximum_message_size_bytes: largest body, 1024 to 65536.
        message_retention_period_seconds: how long a message is kept, 60 to 604800.
        delay_seconds: how long a new message stays invisible, 0 to 604800.
        polling_wait_seconds: how long a receive waits that does not say so itself, 0 to 30.
        logging_enabled: kept and given back; nothing is logged.
    """

    visibility_timeout_seconds: int = limits.MNS_DEFAULT_VISIBILITY_TIMEOUT_SECONDS
    maximum_message_size_bytes: int = limits.MNS_DEFAULT_MESSAGE_BYTES
    message_retention_period_seconds: int = limits.MNS_DEFAULT_RETENTION_SECONDS
    delay_seconds: int = limits.MNS_DEFAULT_DELAY_SECONDS
    polling_wait_seconds: int = limits.MNS_DEFAULT_POLLING_WAIT_SECONDS
    logging_enabled: bool = False

    def changed(self, changes: QueueChanges) -> QueueAttributes:
        """Return a copy with the named attributes; raises MailboxError 400 for one out of range."""
        named = {field.name: getattr(changes, field.name) for field in fields(changes)}
        named = {name: value for name, value in named.items() if value is not None}
        for name, value in named.items():
            if name in _RANGES:
                _RANGES[name].checked(value)
        return replace(self, **named)


def checked_queue_name(name: str) -> str:
    """Return `name`, or raise MailboxError 400 with the documented code."""
    if not 1 <= len(name) <= limits.MNS_QUEUE_NAME_CHARACTERS:
        raise queue_name_length_error(limits.MNS_QUEUE_NAME_CHARACTERS)
    if not _QUEUE_NAME.fullmatch(name):
        raise invalid_queue_name()
    return name
