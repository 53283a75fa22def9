"""What is written of an invocation and of a record that waits to be delivered, and what is read of them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..dispatch.delivery import KeptDelivery
from ..engine.engine import Engine
from ..engine.invocation import Attempt, Deliver, Invocation
from ..engine.transitions import State
from .json_text import compact
from .shelf import Row


def invocation_row(invocation: Invocation) -> Row:
    """Write an invocation: one that runs as it was before this attempt, which is run again."""
    state = _kept_state(invocation)
    if state is State.ENQUEUED:
        return compact(_asked(invocation)), invocation.payload
    so_far = {
        "state": state.value,
        "failed_attempts": invocation.failed_attempts,
        "system_errors": invocation.system_errors,
        "due_ms": invocation.due_ms,
        "first_system_error_ms": invocation.first_system_error_ms,
        "ended_ms": invocation.ended_ms,
        "attempts": [_attempt(one) for one in invocation.ended_attempts or ()],
        "deliveries": [
            [one.destination, one.record, one.reason, status] for one, status in invocation.deliveries or ()
        ],
        "record_bytes": invocation.record_bytes,
        "has_payloads": invocation.has_payloads,
    }
    return compact([*_asked(invocation), so_far]), invocation.payload


def read_invocation(engine: Engine, number: int, value: str, data: bytes) -> Invocation:
    """Read an invocation."""
    asked = json.loads(value)
    so_far = asked.pop() if isinstance(asked[-1], dict) else None
    invocation = _invocation(engine, number, data, *asked)
    if so_far is None:
        return invocation
    invocation.state = State(so_far["state"])
    invocation.failed_attempts = so_far["failed_attempts"]
    invocation.system_errors = so_far["system_errors"]
    invocation.due_ms = so_far["due_ms"]
    invocation.first_system_error_ms = so_far["first_system_error_ms"]
    invocation.ended_ms = so_far["ended_ms"]
    invocation.attempts = len(so_far["attempts"])
    invocation.ended_attempts = [_read_attempt(one) for one in so_far["attempts"]] or None
    invocation.deliveries = [
        (Deliver(destination, record, invocation, reason), status)
        for destination, record, reason, status in so_far["deliveries"]
    ] or None
    invocation.record_bytes = so_far["record_bytes"]
    invocation.has_payloads = so_far["has_payloads"]
    return invocation


def delivery_row(kept: KeptDelivery) -> Row:
    """Write a record that waits for another try, with what has to be known of its invocation."""
    due_ms, failures, item = kept
    invocation = item.invocation
    fields = {
        "asked": _asked(invocation),
        "number": invocation.number,
        "due_ms": due_ms,
        "failures": failures,
        "destination": item.destination,
        "record": item.record,
    }
    return compact(fields), None


def read_delivery(engine: Engine, invocations: Mapping[int, Invocation], value: str) -> KeptDelivery:
    """Read a record that waits.

    Args:
        engine: has the functions.
        invocations: those that were read, by their numbers.
        value: what was written.
    """
    fields = json.loads(value)
    number = fields["number"]
    invocation = invocations.get(number)
    if invocation is None:  # so many have ended since that it is forgotten
        invocation = _invocation(engine, number, b"", *fields["asked"])
        invocation.has_payloads = False
    return fields["due_ms"], fields["failures"], Deliver(fields["destination"], fields["record"], invocation)


def _asked(invocation: Invocation) -> list[Any]:
    return [
        invocation.function,
        invocation.qualifier,
        invocation.target.serial,
        invocation.request_id,
        invocation.task_id,
        invocation.accepted_ms,
        invocation.delay_ms,
        invocation.depth,
        invocation.parent,
        invocation.is_task,
    ]


def _invocation(
    engine: Engine, number: int, payload: bytes, function: str, qualifier: str | None, serial: int, *asked: Any
) -> Invocation:
    return Invocation(number, engine.functions.target_of(function, qualifier, serial), payload, *asked)


def _kept_state(invocation: Invocation) -> State:
    if invocation.state is not State.RUNNING:
        return invocation.state
    return State.RETRYING if invocation.ended_attempts else State.ENQUEUED


def _attempt(attempt: Attempt) -> list[Any]:
    return [*attempt[:-1], attempt.response.decode("latin-1")]


def _read_attempt(fields: list[Any]) -> Attempt:
    return Attempt(*fields)._replace(response=fields[-1].encode("latin-1"))
