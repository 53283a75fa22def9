"""What a spool knows of one letter, without its body."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from .key_fields import KeyFields


class State(str, Enum):
    """Where a letter is.

    held       in custody; nothing was done with it
    planned    about to be sent; whether it was accepted is not known
    accepted   its invocation was accepted
    done       the task that stands for it has succeeded, goes on, or is followed by a letter of its own
    came_back  it is what became of an invocation of this very redrive
    left       not sent, with a reason
    returned   back in a queue
    dropped    not wanted any more
    """

    HELD = "held"
    PLANNED = "planned"
    ACCEPTED = "accepted"
    DONE = "done"
    CAME_BACK = "came_back"
    LEFT = "left"
    RETURNED = "returned"
    DROPPED = "dropped"


SENT: Final = (State.ACCEPTED, State.DONE)
"""The letter was accepted: it is not sent again."""

OPEN: Final = (State.HELD, State.PLANNED, State.CAME_BACK, State.LEFT)
"""The letter is still to be dealt with, where the spool has custody of it."""


@dataclass(frozen=True)
class Entry:
    """One letter of a spool.

    Args:
        number: its number in the spool, from 1.
        state: where it is.
        fields: what is known of it.
        identity: what two letters share only if they are one.
        target: `NAME[@QUALIFIER]` that it was sent to, or was about to be; None: nowhere yet.
        task_id: the task id of that; None: none.
        new_request_id: the id of the invocation that was accepted; None: none was.
        reason: why it was left; None: it was not.
        changed_ms: when its state was last changed, in milliseconds since 1970.
        is_custody: whether the spool holds it in the place of the queue.
        generation: how often it was sent again on purpose (`--again`).
    """

    number: int
    state: State
    fields: KeyFields
    identity: str
    target: str | None
    task_id: str | None
    new_request_id: str | None
    reason: str | None
    changed_ms: int
    is_custody: bool
    generation: int = 0


@dataclass(frozen=True)
class Around:
    """What a spool knows of a letter that shows.

    Args:
        message: the letter of this very message, the last one where it came again; None: it is new.
        accepted: a letter that is one with it and was accepted; None: none was.
        is_own: whether it is what became of an invocation that the spool has sent.
    """

    message: Entry | None
    accepted: Entry | None
    is_own: bool


COLUMNS: Final = (
    "number, state, fields, identity, target, task_id, new_request_id, reason, changed_ms, is_custody, generation"
)
"""What an entry is read from, in this order."""


def entry_of(row: tuple[Any, ...]) -> Entry:
    """Return the entry that a row of `COLUMNS` holds."""
    number, state, known, one, target, task_id, new_request_id, reason, changed_ms, is_custody, generation = row
    return Entry(
        number=number,
        state=State(state),
        fields=KeyFields.from_json(known),
        identity=one,
        target=target,
        task_id=task_id,
        new_request_id=new_request_id,
        reason=reason,
        changed_ms=changed_ms,
        is_custody=bool(is_custody),
        generation=generation,
    )
