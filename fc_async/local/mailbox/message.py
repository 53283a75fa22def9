"""One message of an MNS queue, as a value."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from .. import limits

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Property:
    """One entry of UserProperties or SystemProperties, kept as it was sent.

    Args:
        name: its name.
        value: its value as text (base64 for BINARY).
        type: STRING, NUMBER, BOOLEAN or BINARY; not checked.
    """

    name: str
    value: str
    type: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as its sender gives it.

    Args:
        body: text; never decoded.
        delay_seconds: 0 to 604800; None is the queue's DelaySeconds (and an explicit 0 is no delay: assumed).
        priority: 1 (first) to 16; None and 0 are 8.
        message_group_id: kept and given back; None when not sent.
        user_properties: kept in order, as sent.
        system_properties: kept in order, as sent.
    """

    body: str
    delay_seconds: int | None = None
    priority: int | None = None
    message_group_id: str | None = None
    user_properties: tuple[Property, ...] = ()
    system_properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is in the queue now.

    Args:
        message_id: 32 upper-case hexadecimal digits; the first 8 are the queue's.
        body: as sent.
        body_md5: 32 upper-case hexadecimal digits.
        priority: 1 (first) to 16.
        enqueue_time_ms: when it was sent.
        first_dequeue_time_ms: first receive; the time of sending as long as there was none.
        next_visible_time_ms: when it can be received (again).
        dequeue_count: receives so far; peeking does not count.
        receipt_handle: the newest handle; None before there was one.
        message_group_id: as sent.
        user_properties: as sent.
        system_properties: as sent.
    """

    message_id: str
    body: str
    body_md5: str
    priority: int
    enqueue_time_ms: int
    first_dequeue_time_ms: int
    next_visible_time_ms: int
    dequeue_count: int = 0
    receipt_handle: str | None = None
    message_group_id: str | None = None
    user_properties: tuple[Property, ...] = ()
    system_properties: tuple[Property, ...] = ()


def priority_of(draft: Draft) -> int:
    """The priority that counts: 8 for None and for 0, which the Go SDK always sends."""
    return draft.priority if draft.priority else limits.MNS_DEFAULT_PRIORITY


def body_md5(draft: Draft) -> str:
    """MessageBodyMD5: of the text without properties; with them, something else.

    With UserProperties the recorded value is neither md5(body) nor md5(base64(body)), and the formula is not known.
    Ours covers body and properties (assumed): a client that compares it with md5(body) fails here as it does there.
    """
    digest = hashlib.md5(draft.body.encode(), usedforsecurity=False)
    for entry in draft.user_properties:
        digest.update("\0".join(("", entry.name, entry.type, entry.value)).encode())
    return digest.hexdigest().upper()


def legal_text(text: str) -> str:
    """The text with U+FFFD in place of every character that XML 1.0 cannot hold, not even as a reference.

    It is the mailbox's rule, and not only that of the XML: such a body is replaced before it is counted and hashed.
    """
    return _ILLEGAL.sub(limits.MNS_ILLEGAL_CHARACTER_BECOMES, text)
