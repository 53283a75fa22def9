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
    fields = _asked(invocation)
    state = _kept_state(invocation)
    if state is not State.ENQUEUED:
        fields["state"] = state.value
        fields["failed_attempts"] = invocation.failed_attempts
        fields["system_errors"] = invocation.system_errors
        fields["due_ms"] = invocation.due_ms
        fields["first_system_error_ms"] = invocation.first_system_error_ms
        fields["ended_ms"] = invocation.ended_ms
        fields["attempts"] = [_attempt(one) for one in invocation.ended_attempts or ()]
        fields["deliveries"] = [
            [one.destination, one.record, one.reason, status] for one, status in invocation.deliveries or ()
        ]
        fields["record_bytes"] = invocation.record_bytes
        fields["has_payloads"] = invocation.has_payloads
    return compact(fields), invocation.payload


def read_invocation(engine: Engine, number: int, value: str, data: bytes) -> Invocation:
    """Read an invocation."""
    fields = json.loads(value)
    invocation = _invocation(engine, number, data, fields)
    if "state" not in fields:
        return invocation
    invocation.state = State(fields["state"])
    invocation.failed_attempts = fields["failed_attempts"]
    invocation.system_errors = fields["system_errors"]
    invocation.due_ms = fields["due_ms"]
    invocation.first_system_error_ms = fields["first_system_error_ms"]
    invocation.ended_ms = fields["ended_ms"]
    invocation.attempts = len(fields["attempts"])
    invocation.ended_attempts = [_read_attempt(one) for one in fields["attempts"]] or None
    invocation.deliveries = [
        (Deliver(destination, record, invocation, reason), status)
        for destination, record, reason, status in fields["deliveries"]
    ] or None
    invocation.record_bytes = fields["record_bytes"]
    invocation.has_payloads = fields["has_payloads"]
    return invocation


def delivery_row(kept: KeptDelivery) -> Row:
    """Write a record that waits for another try, with what has to be known of its invocation."""
    due_ms, failures, item = kept
    invocation = item.invocation
    fields = {
        **_asked(invocation),
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
        invocation = _invocation(engine, number, b"", fields)
        invocation.has_payloads = False
    return fields["due_ms"], fields["failures"], Deliver(fields["destination"], fields["record"], invocation)


def _asked(invocation: Invocation) -> dict[str, Any]:
    return {
        "function": invocation.function,
        "qualifier": invocation.qualifier,
        "serial": invocation.target.serial,
        "request_id": invocation.request_id,
        "task_id": invocation.task_id,
        "accepted_ms": invocation.accepted_ms,
        "delay_ms": invocation.delay_ms,
        "depth": invocation.depth,
        "parent": invocation.parent,
        "is_task": invocation.is_task,
    }


def _invocation(engine: Engine, number: int, payload: bytes, fields: dict[str, Any]) -> Invocation:
    return Invocation(
        number,
        engine.functions.target_of(fields["function"], fields["qualifier"], fields["serial"]),
        payload,
        fields["request_id"],
        fields["task_id"],
        fields["accepted_ms"],
        fields["delay_ms"],
        fields["depth"],
        fields["parent"],
        fields["is_task"],
    )


def _kept_state(invocation: Invocation) -> State:
    if invocation.state is not State.RUNNING:
        return invocation.state
    return State.RETRYING if invocation.ended_attempts else State.ENQUEUED


def _attempt(attempt: Attempt) -> list[Any]:
    return [*attempt[:-1], attempt.response.decode("latin-1")]


def _read_attempt(fields: list[Any]) -> Attempt:
    return Attempt(*fields)._replace(response=fields[-1].encode("latin-1"))
