"""The life of an async invocation as data: every state, and every way from one to the next.

`engine.py` opens with this table in words, and does what it says. Tests hold the three together: the words are written
out of the table, each row is reached, and what the engine does in whatever order of events is a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final


class State(str, Enum):
    """Where an async invocation is in its life, in the service's words."""

    ENQUEUED = "Enqueued"
    RUNNING = "Running"
    RETRYING = "Retrying"
    STOPPING = "Stopping"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    STOPPED = "Stopped"
    EXPIRED = "Expired"
    INVALID = "Invalid"


ENDS: Final = (State.SUCCEEDED, State.FAILED, State.STOPPED, State.EXPIRED, State.INVALID)
"""Nothing happens to what has ended."""


MEANINGS: Final = {
    State.ENQUEUED: "accepted; waits for its delay or for a worker",
    State.RUNNING: "a worker executes the handler",
    State.RETRYING: "failed, waits for its next attempt",
    State.STOPPING: "stop() was called while a worker executes it",
    State.SUCCEEDED: "the end of an invocation whose handler returned",
    State.FAILED: "the end after the last attempt failed",
    State.STOPPED: "the end that stop() brought",
    State.EXPIRED: "the end of one that waited longer than its maximum age",
    State.INVALID: "the end of one whose function or qualifier is gone",
}


class Input(str, Enum):
    """What can happen to an invocation: a call of the engine."""

    ACCEPT = "accept()"
    START = "start()"
    STOP = "stop()"
    FINISHED = "finished()"


class Condition(str, Enum):
    """What has to be so for a row to count."""

    ALWAYS = ""
    GONE = "its function or qualifier is gone"
    TOO_OLD = "older than its maximum age"
    THROTTLED = "at its function's limit, < 5 h"
    THROTTLED_TOO_LONG = "at its function's limit, 5 h over"
    NO_ERROR = "no error"
    HANDLER_ERROR = "handler error, retries left"
    LAST_HANDLER_ERROR = "handler error, none left"
    SYSTEM_ERROR = "status is not 200, < 5 h"
    SYSTEM_ERROR_TOO_LONG = "status is not 200, 5 h over"


class Emits(str, Enum):
    """What a transition brings about beside the new state."""

    NOTHING = "-"
    EXECUTION = "the invocation, to be executed"
    ON_SUCCESS = "OnSuccess"
    ON_FAILURE = "OnFailure"


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    Args:
        states: where the invocation is before; None: it does not exist yet.
        input: what happens.
        condition: what has to be so; of several rows that fit, the first one counts.
        to: where it is afterwards.
        emits: what else comes of it; a record only where that destination is configured.
        if_assumed: name of the assumption without which nothing is emitted; "": it always is.
    """

    states: tuple[State | None, ...]
    input: Input
    condition: Condition
    to: State
    emits: Emits = Emits.NOTHING
    if_assumed: str = ""


_WAITS = (State.ENQUEUED, State.RETRYING)
_RUNS = (State.RUNNING,)

TRANSITIONS: Final = (
    Transition((None,), Input.ACCEPT, Condition.ALWAYS, State.ENQUEUED),
    Transition(_WAITS, Input.START, Condition.GONE, State.INVALID),
    Transition(
        _WAITS, Input.START, Condition.TOO_OLD, State.EXPIRED, Emits.ON_FAILURE, if_assumed="expired_fires_on_failure"
    ),
    Transition(_WAITS, Input.START, Condition.THROTTLED, State.RETRYING),
    Transition(_WAITS, Input.START, Condition.THROTTLED_TOO_LONG, State.FAILED, Emits.ON_FAILURE),
    Transition(_WAITS, Input.START, Condition.ALWAYS, State.RUNNING, Emits.EXECUTION),
    Transition(
        _WAITS, Input.STOP, Condition.ALWAYS, State.STOPPED, Emits.ON_FAILURE, if_assumed="stopped_fires_on_failure"
    ),
    Transition(_RUNS, Input.STOP, Condition.ALWAYS, State.STOPPING),
    Transition(
        (State.STOPPING,),
        Input.FINISHED,
        Condition.ALWAYS,
        State.STOPPED,
        Emits.ON_FAILURE,
        if_assumed="stopped_fires_on_failure",
    ),
    Transition(_RUNS, Input.FINISHED, Condition.NO_ERROR, State.SUCCEEDED, Emits.ON_SUCCESS),
    Transition(
        _RUNS,
        Input.FINISHED,
        Condition.HANDLER_ERROR,
        State.RETRYING,
        Emits.ON_FAILURE,
        if_assumed="failure_record_per_attempt",
    ),
    Transition(_RUNS, Input.FINISHED, Condition.LAST_HANDLER_ERROR, State.FAILED, Emits.ON_FAILURE),
    Transition(_RUNS, Input.FINISHED, Condition.SYSTEM_ERROR, State.RETRYING),
    Transition(_RUNS, Input.FINISHED, Condition.SYSTEM_ERROR_TOO_LONG, State.FAILED, Emits.ON_FAILURE),
)
"""All of them."""


def as_text() -> str:
    """Return the states and the table as they stand at the head of `engine.py`."""
    states = [("state", "what it means"), *((state.value, MEANINGS[state]) for state in State)]
    return _aligned(states) + "\n\n" + _aligned([("from", "input", "to", "emits"), *map(_cells, TRANSITIONS)])


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(f"    {line}".rstrip() for line in lines)


def _cells(row: Transition) -> tuple[str, str, str, str]:
    states = "/".join("-" if state is None else state.value for state in row.states)
    what = f"{row.input.value}, {row.condition.value}" if row.condition.value else row.input.value
    emits = f"{row.emits.value}, if {row.if_assumed}" if row.if_assumed else row.emits.value
    return states, what, row.to.value, emits
