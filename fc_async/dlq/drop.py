"""Drops letters of a spool: they are not wanted any more. Their raw letters stay for 7 days, unless they are forgotten.

What is due is forgotten by the next call that drops, puts back or restores.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Final

from .entry import State
from .push import NOT_DONE
from .spool import Spool

if TYPE_CHECKING:
    from .where import Where

KEPT_SECONDS: Final = 7 * 86400
"""So long the raw letter of a dropped one stays: as long as a queue would have kept it at most."""

_AT_ONCE = 256


def drop(
    spool: Spool, where: Where | None = None, *, forget: bool = False, clock: Callable[[], float] = time.time
) -> int:
    """Drop what was not done, and return how many that were.

    Args:
        spool: the spool, opened to be written.
        where: only those that it selects; None: all.
        forget: also take their raw letters away, for good; also of those that were dropped before.
        clock: seconds since 1970.

    Raises:
        SpoolError: the spool cannot be written.
    """
    forget_what_is_due(spool, clock=clock)
    states = (*NOT_DONE, State.DROPPED) if forget else NOT_DONE
    chosen = (entry for entry in spool.entries(where, states=states) if entry.is_custody)
    dropped = 0
    while entries := list(islice(chosen, _AT_ONCE)):
        dropped += sum(entry.state is not State.DROPPED for entry in entries)
        _dropped(spool, [entry.number for entry in entries], forget)
    return dropped


def forget_what_is_due(spool: Spool, *, clock: Callable[[], float] = time.time) -> None:
    """Take the raw letters away that were dropped more than 7 days ago."""
    due_ms = round((clock() - KEPT_SECONDS) * 1000)
    due = (one.number for one in spool.entries(states=(State.DROPPED,)) if one.changed_ms <= due_ms)
    while numbers := list(islice(due, _AT_ONCE)):
        spool.forget_bodies(numbers)


def _dropped(spool: Spool, numbers: list[int], forget: bool) -> None:
    spool.note_all([(number, State.DROPPED, None, None) for number in numbers])
    if forget:
        spool.forget_bodies(numbers)
