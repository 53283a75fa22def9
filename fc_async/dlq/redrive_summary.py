"""What a redrive would do, is doing, and has done."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class RedrivePlan:
    """What would be done with each letter that was looked at.

    Args:
        send: how many would be sent to each `NAME[@QUALIFIER]`.
        leave: how many would be left for each reason.
        samples: request or message ids of the first few of each reason.
        is_exact: whether all letters were looked at; False: only the head of a queue, 16 at most.
        about_letters: how many letters there are, about, where not all were looked at.
        guarantees: for each target whether a letter is accepted `once` or `at least once`.
        warnings: what could not be found out.
        sent_before: of the letters that would be sent, how many were sent again so often before, as far as the spools
            on this machine tell; those that never were are not in it.
    """

    send: dict[str, int]
    leave: dict[str, int]
    samples: dict[str, list[str]] = field(default_factory=dict)
    is_exact: bool = True
    about_letters: int | None = None
    guarantees: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    sent_before: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """How far a redrive is.

    Args:
        sent: invocations that were accepted.
        done: letters that are done with.
        came_back: letters that are what became of an invocation of this redrive.
        left: letters that stay.
        seconds: since it began.
        waits_for: what it waits for, as a sentence; "" for nothing.
    """

    sent: int
    done: int
    came_back: int
    left: int
    seconds: float
    waits_for: str = ""


@dataclass(frozen=True)
class RedriveSummary:
    """What a redrive did.

    Args:
        sent: invocations that were accepted, in this run.
        done: letters that were done with: accepted now, or known to have been before.
        came_back: letters that are what became of an invocation of this redrive; they were left.
        left: message and request id of every letter that stays, by the reason.
        in_queue_now: letters in the queue when it ended, visible, hidden and delayed; None: nobody could say.
        drained: whether every letter that was there at the start was done with.
        spool: the journal.
        ended: why it ended before that; None: it did not.
        signal: the number of the signal that ended it; None: none did.
    """

    sent: int
    done: int
    came_back: int
    left: dict[str, list[tuple[str, str | None]]]
    in_queue_now: int | None
    drained: bool
    spool: Path
    ended: str | None = None
    signal: int | None = None
