"""What the desk says is to be done; whoever does it tells the desk how it went."""

from __future__ import annotations

from dataclasses import dataclass

from ..message import QueueMessage


@dataclass(frozen=True)
class Look:
    """Ask for the queue's attributes."""


@dataclass(frozen=True)
class Receive:
    """Receive up to so many, waiting up to so long."""

    max_messages: int
    wait_seconds: int


@dataclass(frozen=True)
class Handle:
    """Give a message to a worker that is free."""

    key: int
    message: QueueMessage


@dataclass(frozen=True)
class Abandon:
    """Stop waiting for the worker that has this message, and put another in its place where that is said."""

    key: int
    is_replaced: bool


@dataclass(frozen=True)
class Delete:
    """Delete these, in one call."""

    handles: dict[int, str]


@dataclass(frozen=True)
class Change:
    """Change a message's visibility: to keep it (its new handle is needed), or to give it back."""

    key: int
    handle: str
    seconds: int
    is_renewal: bool


@dataclass(frozen=True)
class Cut:
    """Break off the receives that wait."""


@dataclass(frozen=True)
class Say:
    """Log this."""

    text: str
    is_warning: bool = True


Command = Look | Receive | Handle | Abandon | Delete | Change | Cut | Say
