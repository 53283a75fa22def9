"""How far a pull is, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Pulling:
    """How far a pull is.

    Args:
        taken: letters that came into custody.
        seconds: since it began.
        waits_for: what it waits for, "" for nothing.
    """

    taken: int
    seconds: float
    waits_for: str = ""


@dataclass(frozen=True)
class Pulled:
    """How a pull ended.

    Args:
        taken: letters that came into custody.
        reason: why it ended before the queue was empty; None: it is empty, or the limit was reached.
        hidden: letters that someone else holds; they come back unless that one deletes them.
        hidden_until: when the last of these shows at the latest, as far as the queue's visibility tells.
        delayed: letters that were sent to show later, and are left in the queue.
        undeleted: letters that are in the spool and may still be in the queue; the same pull again deletes them.
    """

    taken: int
    reason: str | None = None
    hidden: int = 0
    hidden_until: datetime | None = None
    delayed: int = 0
    undeleted: int = 0
